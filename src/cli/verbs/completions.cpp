// hearth completions SHELL: completion scripts, written from the tree of verbs itself.
#include <cstdio>
#include <fmt/ranges.h>
#include <string>
#include <vector>

#include "cli/cli.h"

namespace hearth::cli {
namespace {

struct Verb {
  std::string name;
  std::string help;
  std::vector<std::pair<std::string, std::string>> flags;  // --name, help
};

std::vector<Verb> verbs_of(const CLI::App& app) {
  std::vector<Verb> verbs;
  for (const CLI::App* verb : app.get_subcommands({})) {
    if (verb->get_group().empty()) continue;  // hidden
    Verb& entry = verbs.emplace_back(Verb{verb->get_name(), verb->get_description(), {}});
    for (const CLI::Option* option : verb->get_options({}))
      if (!option->get_lnames().empty())
        entry.flags.emplace_back("--" + option->get_lnames().front(), option->get_description());
  }
  return verbs;
}

std::string joined_flags(const Verb& verb) {
  std::string out;
  for (const auto& [flag, help] : verb.flags) out += (out.empty() ? "" : " ") + flag;
  return out;
}

std::string joined_names(const std::vector<Verb>& verbs) {
  std::string out;
  for (const Verb& verb : verbs) out += (out.empty() ? "" : " ") + verb.name;
  return out;
}

/// Text within single quotes of a shell.
std::string quoted(std::string text) {
  for (std::size_t at = 0; (at = text.find('\'', at)) != std::string::npos; at += 4)
    text.replace(at, 1, "'\\''");
  return "'" + text + "'";
}

std::string bash(const std::vector<Verb>& verbs) {
  std::string out =
      "# bash completion of hearth. Use: source <(hearth completions bash)\n_hearth() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]}\n  case ${COMP_WORDS[1]} in\n";
  for (const Verb& verb : verbs)
    out += fmt::format(
        "    {}) [ \"$COMP_CWORD\" -gt 1 ] && COMPREPLY=($(compgen -W \"{}\" -- \"$word\")) && "
        "return ;;\n",
        verb.name, joined_flags(verb));
  return out + fmt::format(
                   "  esac\n  [ \"$COMP_CWORD\" -eq 1 ] && COMPREPLY=($(compgen -W \"{}\" -- "
                   "\"$word\"))\n}}\n"
                   "complete -o default -F _hearth hearth\n",
                   joined_names(verbs));
}

std::string zsh(const std::vector<Verb>& verbs) {
  std::string out =
      "#compdef hearth\n# zsh completion of hearth. Use: source <(hearth completions "
      "zsh)\n_hearth() {\n"
      "  local -a verbs flags\n  verbs=(\n";
  for (const Verb& verb : verbs)
    out += fmt::format("    {}\n", quoted(verb.name + ":" + verb.help));
  out +=
      "  )\n  if (( CURRENT == 2 )); then _describe verb verbs; return; fi\n  case $words[2] in\n";
  for (const Verb& verb : verbs)
    out += fmt::format("    {}) flags=({}) ;;\n", verb.name, joined_flags(verb));
  return out + "  esac\n  compadd -a flags\n  _files\n}\ncompdef _hearth hearth\n";
}

std::string fish(const std::vector<Verb>& verbs) {
  std::string out = "# fish completion of hearth. Use: hearth completions fish | source\n";
  for (const Verb& verb : verbs) {
    out += fmt::format("complete -c hearth -n __fish_use_subcommand -a {} -d {}\n", verb.name,
                       quoted(verb.help));
    for (const auto& [flag, help] : verb.flags)
      out += fmt::format("complete -c hearth -n '__fish_seen_subcommand_from {}' -l {} -d {}\n",
                         verb.name, flag.substr(2), quoted(help));
  }
  return out;
}

}  // namespace

void add_completions(CLI::App& app) {
  CLI::App* verb = app.add_subcommand("completions", "Print completions for a shell");
  const auto shell = std::make_shared<std::string>();
  verb->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  verb->callback([&app, shell] {
    const auto verbs = verbs_of(app);
    fmt::print("{}", *shell == "bash" ? bash(verbs) : *shell == "zsh" ? zsh(verbs) : fish(verbs));
  });
}

}  // namespace hearth::cli
