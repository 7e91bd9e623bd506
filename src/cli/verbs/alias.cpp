// hearth alias: further names for models.
#include <algorithm>

#include "app/open_library.h"
#include "app/server.h"
#include "cli/cli.h"
#include "cli/setting_flags.h"
#include "cli/text_table.h"
#include "store/aliases.h"

namespace hearth::cli {
namespace {

struct AliasInput {
  std::string alias;
  std::string model;
  bool remove = false;
};

/// A name that a client can write, and that is not a path.
Result<void> check_name(const std::string& alias) {
  const auto fine = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.' || c == ':' || c == '/';
  };
  if (!alias.empty() && alias.size() <= 100 && std::isalnum(static_cast<unsigned char>(alias[0])) &&
      std::ranges::all_of(alias, fine))
    return {};
  return fail(ErrorCode::InvalidArgument,
              "\"{}\" cannot be a name: letters, digits and - _ . : / after the first letter, at "
              "most 100",
              alias);
}

Result<void> print_all(store::Aliases& aliases) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& [alias, model] : TRY(aliases.list())) rows.push_back({alias, model});
  if (rows.empty())
    fmt::print("No aliases yet. Give one with hearth alias NAME MODEL.\n");
  else
    fmt::print("{}", text_table({"ALIAS", "MODEL"}, rows));
  return {};
}

Result<void> alias(const GivenFlags& flags, const AliasInput& input) {
  app::OpenLibrary shelf(TRY(settings_from(flags)));
  store::Aliases aliases(*TRY(shelf.database()));
  if (input.alias.empty()) return print_all(aliases);
  if (input.remove) {
    if (TRY(aliases.remove(input.alias))) return {};
    return fail(ErrorCode::NotFound, "there is no alias \"{}\"", input.alias);
  }
  if (input.model.empty())
    return fail(ErrorCode::InvalidArgument, "which model shall \"{}\" mean? hearth alias {} MODEL",
                input.alias, input.alias);
  TRY(check_name(input.alias));
  const auto models = shelf.library().list();
  if (std::ranges::find(models, input.alias, &services::ModelEntry::id) != models.end())
    return fail(ErrorCode::InvalidArgument, "{} is the name of a model itself", input.alias);
  const auto model = TRY(shelf.library().resolve(input.model));
  TRY(aliases.put({.alias = input.alias, .model = model.id}));
  fmt::print("{} means {} from now on.\n", input.alias, model.id);
  return {};
}

}  // namespace

void add_alias(CLI::App& app) {
  CLI::App* verb = app.add_subcommand("alias", "Give a model a further name, or list the names");
  const auto flags = add_setting_flags(*verb, {"models.folders"});
  const auto input = std::make_shared<AliasInput>();
  verb->add_option("NAME", input->alias, "The further name");
  verb->add_option("MODEL", input->model, "What it means");
  verb->add_flag("--remove", input->remove, "Take the name away again");
  verb->callback([flags, input] { finish(alias(*flags, *input)); });
}

}  // namespace hearth::cli
