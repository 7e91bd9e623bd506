// Secrets at rest: sealed with a key that lies in a file of its own, readable by its owner alone.
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hearth::platform {

/// Seals and opens texts with XChaCha20-Poly1305. Immutable; any thread.
class SecretBox {
 public:
  /// Reads the key from `key_file`, or makes one there (mode 0600). Two programs that make it at
  /// once end with the same key.
  /// @returns Forbidden where others may read the file, CorruptData where it holds no key, Io where
  ///          it can be neither read nor made
  static Result<SecretBox> open(const std::filesystem::path& key_file);

  SecretBox(const SecretBox&) = default;
  SecretBox& operator=(const SecretBox&) = default;
  ~SecretBox();

  /// @param place  where the secret is kept (table, row, column): it opens nowhere else
  /// @returns      version byte, nonce, encrypted text with its proof; never the same twice
  std::string seal(std::string_view secret, std::string_view place) const;

  /// @returns CorruptData where the key is another one, the bytes were changed, or they belong to
  ///          another place
  Result<std::string> unseal(std::string_view sealed, std::string_view place) const;

 private:
  static constexpr std::size_t kKeyBytes = 32;
  using Key = std::array<unsigned char, kKeyBytes>;

  explicit SecretBox(const Key& key) : key_(key) {}
  static Result<Key> read_key(const std::filesystem::path& file);
  static Result<void> make_key(const std::filesystem::path& file);

  Key key_;
};

}  // namespace hearth::platform
