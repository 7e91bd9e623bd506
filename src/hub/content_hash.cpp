// Both hashes by libcrypto.
#include "hub/content_hash.h"

#include <array>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <stdexcept>

namespace hearth::hub {
namespace {

/// Nothing here depends on the input: a failure means that the library lacks the hash.
void check(int status) {
  if (status != 1) throw std::runtime_error("libcrypto refuses to compute a hash");
}

}  // namespace

struct ContentHash::Context {
  EVP_MD_CTX* handle = EVP_MD_CTX_new();

  explicit Context(const EVP_MD* kind) { check(EVP_DigestInit_ex(handle, kind, nullptr)); }
  ~Context() { EVP_MD_CTX_free(handle); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
};

ContentHash::ContentHash(HashKind kind, std::uint64_t bytes)
    : context_(std::make_unique<Context>(kind == HashKind::Sha256 ? EVP_sha256() : EVP_sha1())) {
  if (kind == HashKind::Sha256) return;
  std::string head = fmt::format("blob {}", bytes);
  head += '\0';
  add(std::as_bytes(std::span(head)));
}

ContentHash::~ContentHash() = default;
ContentHash::ContentHash(ContentHash&&) noexcept = default;
ContentHash& ContentHash::operator=(ContentHash&&) noexcept = default;

void ContentHash::add(std::span<const std::byte> bytes) {
  check(EVP_DigestUpdate(context_->handle, bytes.data(), bytes.size()));
}

std::string ContentHash::hex() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned bytes = 0;
  check(EVP_DigestFinal_ex(context_->handle, digest.data(), &bytes));
  std::string text;
  for (unsigned i = 0; i < bytes; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

}  // namespace hearth::hub
