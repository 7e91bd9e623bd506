// SHA-256 by libcrypto.
#include "base/sha256.h"

#include <array>
#include <openssl/evp.h>
#include <stdexcept>

namespace hearth::base {
namespace {

constexpr std::size_t kDigestBytes = 32;

/// Nothing here depends on the input: a failure means that the library has no SHA-256 at all.
void check(int status) {
  if (status != 1) throw std::runtime_error("libcrypto refuses to compute SHA-256");
}

}  // namespace

struct Sha256::Context {
  EVP_MD_CTX* handle = EVP_MD_CTX_new();

  Context() { check(EVP_DigestInit_ex(handle, EVP_sha256(), nullptr)); }
  ~Context() { EVP_MD_CTX_free(handle); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

Sha256& Sha256::add(std::span<const std::byte> bytes) {
  check(EVP_DigestUpdate(context_->handle, bytes.data(), bytes.size()));
  return *this;
}

Sha256& Sha256::add(std::string_view text) {
  return add(std::as_bytes(std::span(text)));
}

std::string Sha256::hex() {
  std::array<unsigned char, kDigestBytes> digest{};
  check(EVP_DigestFinal_ex(context_->handle, digest.data(), nullptr));
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : digest) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace hearth::base
