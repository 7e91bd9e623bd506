// The table of endpoints.
#include "api/routes.h"

#include "api/admin/aliases.h"
#include "api/admin/conversion_presets.h"
#include "api/admin/conversions.h"
#include "api/admin/discover.h"
#include "api/admin/downloads.h"
#include "api/admin/engine.h"
#include "api/admin/hub_token.h"
#include "api/admin/model_in_memory.h"
#include "api/admin/model_settings.h"
#include "api/admin/models.h"
#include "api/admin/pool.h"
#include "api/admin/problem.h"
#include "api/admin/prompts.h"
#include "api/admin/save_prompt.h"
#include "api/admin/system.h"
#include "api/health/health.h"
#include "api/openai/cancel_request.h"
#include "api/openai/chat_completions.h"
#include "api/openai/completions.h"
#include "api/openai/error.h"
#include "api/openai/lora_adapters.h"
#include "api/openai/models.h"
#include "api/openapi/openapi.h"

namespace hearth::api {

namespace {

void add_conversion_routes(http::Router& router, const Services& services) {
  router.add(admin::list_conversions(services));
  router.add(admin::add_conversions(services));
  router.add(admin::conversion_events(services));
  router.add(admin::show_conversion(services));
  router.add(admin::forget_conversion(services));
  router.add(admin::cancel_conversion(services));
  router.add(admin::retry_conversion(services));
  router.add(admin::move_conversion(services));
  router.add(admin::list_conversion_presets(services));
  router.add(admin::keep_conversion_preset(services));
  router.add(admin::remove_conversion_preset(services));
}

void add_pool_routes(http::Router& router, const Services& services) {
  router.add(admin::show_pool(services));
  router.add(admin::change_pool(services));
  router.add(admin::evict_models(services));
  router.add(admin::pool_events(services));
  router.add(admin::load_model(services));
  router.add(admin::unload_model(services));
  router.add(admin::cancel_load(services));
  router.add(admin::cancel_load_too(services));
  router.add(admin::pin_model(services));
  router.add(admin::unpin_model(services));
  router.add(admin::preload_model(services));
  router.add(admin::keep_model(services));
  router.add(admin::load_model(services, admin::kOtherModels));
  router.add(admin::unload_model(services, admin::kOtherModels));
  router.add(admin::model_health(services));
  router.add(admin::manager_status(services));
}

}  // namespace

void add_routes(http::Router& router, const Services& services) {
  router.add(openai::chat_completions(services));
  router.add(openai::completions(services));
  router.add(openai::cancel_request(services));
  router.add(openai::list_models(services));
  router.add(openai::retrieve_model(services));
  router.add(openai::list_adapters(services));
  router.add(openai::set_adapters(services));
  router.add(health::alive());
  router.add(health::ready(services));
  router.add(health::metrics(services));
  router.add(admin::engine(services));
  router.add(admin::list_prompts(services));
  router.add(admin::save_prompt(services));
  router.add(admin::remove_prompt(services));
  router.add(admin::list_downloads(services));
  router.add(admin::add_download(services));
  router.add(admin::download_events(services));
  router.add(admin::show_download(services));
  router.add(admin::cancel_download(services));
  router.add(admin::pause_download(services));
  router.add(admin::resume_download(services));
  router.add(admin::move_download(services));
  router.add(admin::discover(services));
  router.add(admin::recommended_models(services));
  router.add(admin::discover_model(services));
  router.add(admin::show_token(services));
  router.add(admin::keep_token(services));
  router.add(admin::forget_token(services));
  router.add(admin::show_account(services));
  router.add(admin::list_models(services));
  router.add(admin::show_model(services));
  router.add(admin::remove_model(services));
  router.add(admin::show_model_settings(services));
  router.add(admin::change_model_settings(services));
  router.add(admin::system(services));
  for (http::Route& alias : admin::aliases(services)) router.add(std::move(alias));
  router.add(openapi::describe(services));
  add_pool_routes(router, services);
  add_conversion_routes(router, services);
}

http::Response write_error(const http::Request& request, const Error& error) {
  if (admin::is_ours(request)) return admin::problem(request, error);
  return openai::error_response(error);
}

}  // namespace hearth::api
