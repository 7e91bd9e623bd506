// Heads of files: what the reference package wrote, what hostile hands wrote, and mutations.
#include "gguf/header.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <random>

#include "gguf/testing/files.h"

namespace hearth::gguf {
namespace {

using testing::file_bytes;
using testing::reading;
using testing::stored;

Result<Header> read(std::string_view bytes) {
  return read_header(bytes.size(), reading(bytes));
}

Value whole(ValueType type, std::uint64_t number) {
  return {.type = type, .content = number};
}

/// Keys of every type, nested lists, and tensors of three kinds.
std::string ordinary_file() {
  Metadata metadata;
  metadata["general.architecture"] = Value::text("llama");
  metadata["general.alignment"] = Value::u32(32);
  metadata["a.u8"] = whole(ValueType::U8, 7);
  metadata["a.u64"] = whole(ValueType::U64, UINT64_MAX);
  metadata["a.f32"] = Value::f32(0.25F);
  metadata["a.yes"] = Value::boolean(true);
  metadata["a.texts"] = Value::array(ValueType::String, {Value::text("x"), Value::text("yz")});
  const Value numbers = Value::array(ValueType::I32, {Value::i32(-1), Value::i32(2)});
  metadata["a.lists"] = Value::array(ValueType::Array, {numbers, numbers});
  return file_bytes(metadata,
                    {stored("one", TensorType::F32, {2, 3}, {0, 1, 2, 3, 4, 5}),
                     stored("two", TensorType::Q8_0, {1, 32}, std::vector<float>(32, 1.0F)),
                     stored("three", TensorType::F16, {5}, {1, 2, 3, 4, 5})});
}

TEST(GgufHeader, ReadsBackWhatItWrites) {
  const auto header = read(ordinary_file());
  ASSERT_TRUE(header) << header.error().message;
  EXPECT_EQ(header->version, 3U);
  EXPECT_EQ(*header->metadata.at("general.architecture").string(), "llama");
  EXPECT_EQ(std::get<std::uint64_t>(header->metadata.at("a.u64").content), UINT64_MAX);
  EXPECT_FALSE(header->metadata.at("a.u64").whole());
  EXPECT_EQ(header->metadata.at("a.f32").number(), 0.25);
  EXPECT_EQ(header->metadata.at("a.yes").truth(), true);
  EXPECT_EQ(*header->metadata.at("a.texts").list()->items[1].string(), "yz");
  EXPECT_EQ(header->metadata.at("a.lists").list()->items[1].list()->items[0].whole(), -1);
  ASSERT_EQ(header->tensors.size(), 3U);
  const TensorInfo& one = header->tensors.at("one");
  EXPECT_EQ(one.shape, (std::vector<std::int32_t>{2, 3}));
  EXPECT_EQ(one.bytes, 24U);
  EXPECT_EQ(header->tensors.at("two").offset, one.offset + 32);
  EXPECT_EQ(header->tensors.at("two").bytes, 34U);
  EXPECT_EQ(header->tensors.at("three").offset, one.offset + 32 + 64);
}

/// A head that is written number by number.
struct Hand {
  std::string bytes;

  template <class T>
  Hand& add(T value) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof(T));
    return *this;
  }
  Hand& text(std::string_view text) {
    add(std::uint64_t{text.size()});
    bytes += text;
    return *this;
  }
  Hand& start(std::uint64_t tensors, std::uint64_t keys, std::uint32_t version = 3) {
    bytes += "GGUF";
    return add(version).add(tensors).add(keys);
  }
  Hand& tensor(std::string_view name, const std::vector<std::uint64_t>& lengths, std::uint32_t type,
               std::uint64_t offset) {
    text(name).add(static_cast<std::uint32_t>(lengths.size()));
    for (const std::uint64_t length : lengths) add(length);
    return add(type).add(offset);
  }
  Hand& data(std::size_t count) {
    bytes.resize((bytes.size() + 31) / 32 * 32 + count);
    return *this;
  }
};

void expect_refused(const Hand& hand, std::string_view part,
                    ErrorCode code = ErrorCode::CorruptData) {
  const auto header = read(hand.bytes);
  ASSERT_FALSE(header) << part;
  EXPECT_EQ(header.error().code, code) << header.error().message;
  EXPECT_NE(header.error().message.find(part), std::string::npos) << header.error().message;
}

TEST(GgufHeader, RefusesWhatIsNoSuchFile) {
  expect_refused({.bytes = ""}, "has 0 bytes and is no GGUF file");
  expect_refused({.bytes = std::string(100, 'x')}, "does not begin with \"GGUF\"");
  const auto code = ErrorCode::UnsupportedArgument;
  expect_refused(Hand().start(0, 0, 1), "version 1 (supported: 2 and 3)", code);
  expect_refused(Hand().start(0, 0, 0x03000000), "big-endian", code);
  EXPECT_TRUE(read(Hand().start(0, 0, 2).bytes));
}

TEST(GgufHeader, BelievesNoCount) {
  expect_refused(Hand().start(UINT64_MAX, 0), "promises 18446744073709551615 tensors");
  expect_refused(Hand().start(0, 1000), "promises 1000 keys");
  expect_refused(Hand().start(0, 1).text("k").add(8U).add(std::uint64_t{1} << 60U),
                 "metadata \"k\": a text of 1152921504606846976 bytes");
  const auto array = [](std::uint32_t type, std::uint64_t length) {
    return Hand().start(0, 1).text("k").add(9U).add(type).add(length);
  };
  expect_refused(array(0, 1), "metadata \"k\": promises an array of 1 values");
  expect_refused(array(8, UINT64_MAX / 8), "promises an array");
  expect_refused(array(13, 0), "unknown type 13");
  Hand deep = Hand().start(0, 1).text("k").add(9U);
  for (int i = 0; i < 8; ++i) deep.add(9U).add(std::uint64_t{1});
  expect_refused(deep.data(64), "more than 4 deep");
}

TEST(GgufHeader, NamesTheKeyThatIsWrong) {
  const auto key = [](std::uint32_t type) { return Hand().start(0, 1).text("some.key").add(type); };
  expect_refused(key(77), "metadata \"some.key\": has a value of the unknown type 77");
  expect_refused(key(7).add(std::uint8_t{2}), "metadata \"some.key\": has the truth value 2");
  expect_refused(key(10).add(std::uint32_t{2}), "metadata \"some.key\": the file ends");
  Hand twice = Hand().start(0, 2);
  for (int i = 0; i < 2; ++i) twice.text("k").add(0U).add(std::uint8_t{1});
  expect_refused(twice, "metadata \"k\" is in it twice");
  expect_refused(Hand().start(0, 1).text("general.alignment").add(4U).add(24U), "power of two");
}

TEST(GgufHeader, NamesTheTensorThatIsWrong) {
  const auto one = [](const std::vector<std::uint64_t>& lengths, std::uint32_t type,
                      std::uint64_t offset = 0) {
    return Hand().start(1, 0).tensor("t", lengths, type, offset).data(256);
  };
  EXPECT_TRUE(read(one({4, 16}, 0).bytes));
  expect_refused(one({4, 17}, 0), "tensor \"t\" lies at byte 0 of the data and has 272 bytes");
  expect_refused(one({4}, 0, 16), "tensor \"t\" lies at byte 16, not a multiple of 32");
  expect_refused(one({4}, 0, 256), "cut short");
  expect_refused(one({4}, 0, UINT64_MAX - 31), "cut short");
  expect_refused(one({}, 0), "tensor \"t\": has 0 dimensions");
  expect_refused(one({1, 1, 1, 1, 1}, 0), "has 5 dimensions");
  expect_refused(one({0, 4}, 0), "has a dimension of 0");
  expect_refused(one({std::uint64_t{1} << 31U}, 0), "has a dimension of 2147483648");
  expect_refused(one({2147483647, 2147483647, 2147483647}, 0), "has a dimension of 2147483647");
  expect_refused(one({2147483647, 2147483647, 4}, 0), "beyond any memory");
  expect_refused(one({33}, 8), "has rows of 33 numbers, but Q8_0 has blocks of 32");
  expect_refused(one({256}, 16), "tensor \"t\": is IQ2_XXS, which is not supported",
                 ErrorCode::UnsupportedArgument);
  expect_refused(one({256}, 4711), "is type 4711", ErrorCode::UnsupportedArgument);
  expect_refused(Hand().start(2, 0).tensor("a", {16}, 0, 0).tensor("b", {16}, 0, 32).data(256),
                 "tensor \"b\" overlaps \"a\"");
  expect_refused(Hand().start(2, 0).tensor("a", {16}, 0, 0).tensor("a", {16}, 0, 64).data(256),
                 "tensor \"a\" is in it twice");
}

/// Whatever survives the checks may be read without a further one, and was in the file.
void expect_sound(const Header& header, std::uint64_t size) {
  std::uint64_t values = 0;
  for (const auto& [key, value] : header.metadata) {
    values += 1 + key.size();
    if (const Array* list = value.list()) values += list->items.size();
    if (const std::string* text = value.string()) values += text->size();
  }
  EXPECT_LE(values, size);
  for (const auto& [name, tensor] : header.tensors) {
    ASSERT_LE(tensor.offset, size) << name;
    ASSERT_LE(tensor.bytes, size - tensor.offset) << name;
    ASSERT_EQ(tensor.row_bytes() * static_cast<std::uint64_t>(tensor.rows()), tensor.bytes);
  }
}

TEST(GgufHeader, SurvivesEveryLength) {
  const std::string whole_file = ordinary_file();
  for (std::size_t length = 0; length < whole_file.size(); ++length) {
    const auto header = read(std::string_view(whole_file).substr(0, length));
    if (header) expect_sound(*header, length);
  }
}

TEST(GgufHeader, SurvivesMutations) {
  const std::string sound = ordinary_file();
  std::mt19937 random(20261122);
  int accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = sound;
    const int edits = 1 + static_cast<int>(random() % 3);
    for (int i = 0; i < edits; ++i) {
      const std::size_t at = random() % bytes.size();
      switch (random() % 5) {
        case 0:
          bytes[at] = static_cast<char>(random());
          break;
        case 1:
          bytes[at] = static_cast<char>(static_cast<unsigned char>(bytes[at]) ^ 1U << random() % 8);
          break;
        case 2:
          bytes.erase(at, 1 + random() % 16);
          break;
        case 3:
          bytes.insert(at, bytes.substr(random() % bytes.size(), random() % 32));
          break;
        default:  // a huge or a negative count
          for (std::size_t k = at; k < std::min(at + 8, bytes.size()); ++k) bytes[k] = '\xFF';
          break;
      }
    }
    const auto header = read(bytes);
    if (!header) continue;
    ++accepted;
    expect_sound(*header, bytes.size());
  }
  EXPECT_GT(accepted, 0);  // some edits change only a name or a number
}

}  // namespace
}  // namespace hearth::gguf
