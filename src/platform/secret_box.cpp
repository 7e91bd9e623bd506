// libsodium's authenticated encryption, and the file of its key.
#include "platform/secret_box.h"

#include <cassert>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "base/id.h"

namespace hearth::platform {
namespace {

namespace fs = std::filesystem;

constexpr char kVersion = 1;
constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kProofBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr mode_t kOthers = S_IRWXG | S_IRWXO;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

/// Closes a file descriptor with the scope.
class File {
 public:
  explicit File(int number) : number_(number) {}
  ~File() {
    if (number_ >= 0) ::close(number_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

std::unexpected<Error> io_error(const fs::path& file, std::string_view doing) {
  return fail(ErrorCode::Io, "the key of kept secrets {} cannot be {}: {}", file.string(), doing,
              std::strerror(errno));
}

}  // namespace

SecretBox::~SecretBox() {
  ::sodium_memzero(key_.data(), key_.size());
}

Result<SecretBox::Key> SecretBox::read_key(const fs::path& path) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.number() < 0) return io_error(path, "read");
  struct stat info = {};
  if (::fstat(file.number(), &info) != 0) return io_error(path, "read");
  if ((info.st_mode & kOthers) != 0)
    return fail(ErrorCode::Forbidden,
                "{} can be read by other users: take that right away (chmod 600), and change the "
                "secrets that were kept with it",
                path.string());
  Key key{};
  if (info.st_size != kKeyBytes ||
      ::read(file.number(), key.data(), key.size()) != static_cast<ssize_t>(key.size()))
    return fail(ErrorCode::CorruptData,
                "{} holds no key: put the right file back, or remove it and enter the kept secrets "
                "anew",
                path.string());
  return key;
}

/// Written under another name first: nobody ever sees half a key, and an existing one stays.
Result<void> SecretBox::make_key(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  const fs::path fresh = base::random_id(path.string() + ".", 12);
  Key key;
  ::randombytes_buf(key.data(), key.size());
  {
    const File file(
        ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
    if (file.number() < 0) return io_error(path, "made");
    const bool written =
        ::write(file.number(), key.data(), key.size()) == static_cast<ssize_t>(key.size()) &&
        ::fsync(file.number()) == 0;
    ::sodium_memzero(key.data(), key.size());
    if (!written) {
      auto failed = io_error(path, "written");
      fs::remove(fresh, error);
      return failed;
    }
  }
  const bool linked = ::link(fresh.c_str(), path.c_str()) == 0 || errno == EEXIST;
  auto result = linked ? Result<void>() : Result<void>(io_error(path, "made"));
  fs::remove(fresh, error);
  return result;
}

Result<SecretBox> SecretBox::open(const fs::path& key_file) {
  static_assert(kKeyBytes == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
  if (::sodium_init() < 0)
    return fail(ErrorCode::Io, "the machine gives no random numbers: secrets cannot be kept");
  std::error_code error;
  if (!fs::exists(key_file, error)) TRY(make_key(key_file));
  return SecretBox(TRY(read_key(key_file)));
}

std::string SecretBox::seal(std::string_view secret, std::string_view place) const {
  std::string sealed(1 + kNonceBytes + secret.size() + kProofBytes, '\0');
  sealed[0] = kVersion;
  unsigned char* const nonce = bytes_of(sealed) + 1;
  ::randombytes_buf(nonce, kNonceBytes);
  unsigned long long length = 0;
  const int failed = ::crypto_aead_xchacha20poly1305_ietf_encrypt(
      nonce + kNonceBytes, &length, bytes_of(secret), secret.size(), bytes_of(place), place.size(),
      nullptr, nonce, key_.data());
  assert(failed == 0 && length == secret.size() + kProofBytes);
  static_cast<void>(failed);
  return sealed;
}

Result<std::string> SecretBox::unseal(std::string_view sealed, std::string_view place) const {
  const auto refuse = [] {
    return fail(ErrorCode::CorruptData,
                "a kept secret does not open with this key: it was kept with another one, or "
                "changed; enter it anew");
  };
  if (sealed.size() < 1 + kNonceBytes + kProofBytes || sealed[0] != kVersion) return refuse();
  const std::string_view nonce = sealed.substr(1, kNonceBytes);
  const std::string_view body = sealed.substr(1 + kNonceBytes);
  std::string secret(body.size() - kProofBytes, '\0');
  unsigned long long length = 0;
  if (::crypto_aead_xchacha20poly1305_ietf_decrypt(bytes_of(secret), &length, nullptr,
                                                   bytes_of(body), body.size(), bytes_of(place),
                                                   place.size(), bytes_of(nonce), key_.data()) != 0)
    return refuse();
  return secret;
}

}  // namespace hearth::platform
