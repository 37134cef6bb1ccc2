#include "runtime/storage/java_hash_map.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "millrace/errors.h"

namespace millrace {
namespace {

// Java Object Serialization Stream Protocol, §6.4.
constexpr uint8_t kNull = 0x70;
constexpr uint8_t kReference = 0x71;
constexpr uint8_t kClassDesc = 0x72;
constexpr uint8_t kObject = 0x73;
constexpr uint8_t kArray = 0x75;
constexpr uint8_t kBlockData = 0x77;
constexpr uint8_t kEndBlockData = 0x78;
constexpr uint32_t kFirstHandle = 0x7e0000;
constexpr uint32_t kByteArrayClassHandle = kFirstHandle + 2;
constexpr uint32_t kFirstArrayHandle = kFirstHandle + 3;
constexpr uint32_t kMinimumCapacity = 16;
constexpr uint32_t kMaxJavaInt = 0x7fffffff;
constexpr size_t kMagicSize = 4;

constexpr std::string_view kMapHeader(
    "\xac\xed\x00\x05"                                  // magic, version
    "\x73\x72\x00\x11java.util.HashMap"                 // object, class description
    "\x05\x07\xda\xc1\xc3\x16\x60\xd1\x03\x00\x02"      // serialVersionUID, flags, two fields
    "\x46\x00\x0aloadFactor\x49\x00\x09threshold\x78\x70",  // F, I, end, no superclass
    4 + 4 + 17 + 11 + 3 + 10 + 3 + 9 + 2);
constexpr std::string_view kByteArrayClass(
    "\x00\x02[B\xac\xf3\x17\xf8\x06\x08\x54\xe0\x02\x00\x00\x78\x70", 2 + 2 + 8 + 1 + 2 + 2);

void put32(std::string& out, uint32_t v) {
  for (const unsigned shift : {24U, 16U, 8U, 0U}) out += static_cast<char>(v >> shift);
}

uint32_t capacity_for(size_t size) noexcept {
  uint32_t capacity = kMinimumCapacity;
  while (size * 4 > size_t{capacity} * 3) capacity *= 2;
  return capacity;
}

class Writer {
 public:
  std::string write(const OffsetEntries& entries) {
    const uint32_t capacity = capacity_for(entries.size());
    constexpr uint32_t kLoadFactor = 0x3f400000;  // 0.75f
    out_ = kMapHeader;
    put32(out_, kLoadFactor);
    put32(out_, entries.empty() ? 0 : capacity / 4 * 3);
    out_ += static_cast<char>(kBlockData);
    out_ += '\x08';
    put32(out_, capacity);
    put32(out_, static_cast<uint32_t>(entries.size()));
    for (const auto& [key, value] : entries) {
      array(key);
      if (value) {
        array(*value);
      } else {
        out_ += static_cast<char>(kNull);
      }
    }
    out_ += static_cast<char>(kEndBlockData);
    return std::move(out_);
  }

 private:
  void array(std::string_view bytes) {
    out_ += static_cast<char>(kArray);
    if (first_) {
      out_ += static_cast<char>(kClassDesc);
      out_ += kByteArrayClass;
      first_ = false;
    } else {
      out_ += static_cast<char>(kReference);
      put32(out_, kByteArrayClassHandle);
    }
    put32(out_, static_cast<uint32_t>(bytes.size()));
    out_ += bytes;
  }

  std::string out_;
  bool first_ = true;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  OffsetEntries read() {
    skip_header();
    read32();  // load factor
    read32();  // threshold
    expect(kBlockData, "block data");
    expect(8, "a block of 8 bytes");
    read32();  // capacity
    const size_t size_at = at_;
    const uint32_t size = read32();
    if (size > kMaxJavaInt) fail(size_at, "the map has a negative size");
    OffsetEntries entries;
    for (uint32_t i = 0; i < size; ++i) {
      const std::optional<std::string_view> key = read_array();
      const std::optional<std::string_view> value = read_array();
      if (key) entries.insert_or_assign(std::string(*key), value);  // no task asks for a null key
    }
    expect(kEndBlockData, "the end of the map");
    if (at_ != bytes_.size()) fail(at_, "more bytes follow the map");
    return entries;
  }

 private:
  [[noreturn]] void fail(size_t at, const std::string& what) const {
    throw ConnectException("byte " + std::to_string(at) + " of " + std::to_string(bytes_.size()) +
                           ": " + what);
  }
  [[noreturn]] void fail_truncated() const { fail(bytes_.size(), "the file ends too early"); }

  void skip_header() {
    const size_t shared = std::min(bytes_.size(), kMapHeader.size());
    const size_t magic = std::min(shared, kMagicSize);
    if (bytes_.substr(0, magic) != kMapHeader.substr(0, magic)) {
      fail(0, "it is no serialised Java object");
    }
    if (bytes_.substr(0, shared) != kMapHeader.substr(0, shared)) {
      fail(kMagicSize, "expected a java.util.HashMap, found " + class_at(kMagicSize + 1));
    }
    if (bytes_.size() < kMapHeader.size()) fail_truncated();
    at_ = kMapHeader.size();
  }

  /// For messages: the class whose description starts at `at`.
  std::string class_at(size_t at) const {
    constexpr size_t kLongestShown = 200;
    const std::string_view rest = bytes_.substr(std::min(at, bytes_.size()));
    if (rest.size() < 3 || static_cast<uint8_t>(rest[0]) != kClassDesc) return "something else";
    const auto length =
        static_cast<size_t>(static_cast<uint8_t>(rest[1]) << 8U | static_cast<uint8_t>(rest[2]));
    const std::string_view name = rest.substr(3, std::min(length, kLongestShown));
    const bool printable =
        std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < '\x7f'; });
    return printable ? "class " + std::string(name) : "a class with an unreadable name";
  }

  uint8_t read8() {
    if (at_ >= bytes_.size()) fail_truncated();
    return static_cast<uint8_t>(bytes_[at_++]);
  }
  uint32_t read32() {
    uint32_t v = 0;
    for (int i = 0; i < 4; ++i) v = v << 8U | read8();
    return v;
  }
  void expect(uint8_t wanted, const char* what) {
    const size_t at = at_;
    if (read8() != wanted) fail(at, std::string("expected ") + what);
  }

  std::optional<std::string_view> read_array() {
    const size_t at = at_;
    switch (read8()) {
      case kNull: return std::nullopt;
      case kReference: {
        const uint32_t handle = read32() - kFirstArrayHandle;
        if (handle >= arrays_.size()) fail(at, "reference to something that is not an array");
        return arrays_[handle];
      }
      case kArray: return read_new_array();
      case kObject: fail(at, "expected a byte array, found " + class_at(at_));
      default: fail(at, "expected a byte array");
    }
  }

  std::string_view read_new_array() {
    read_array_class();
    const uint32_t length = read32();
    if (length > bytes_.size() - at_) fail_truncated();
    arrays_.push_back(bytes_.substr(at_, length));
    at_ += length;
    return arrays_.back();
  }

  void read_array_class() {
    const size_t at = at_;
    const uint8_t tag = read8();
    if (tag == kReference && !arrays_.empty() && read32() == kByteArrayClassHandle) return;
    // Described once, before the first array; handles are counted on that.
    if (tag != kClassDesc || !arrays_.empty()) fail(at, "expected the class of a byte array");
    const std::string_view found = bytes_.substr(at_, kByteArrayClass.size());
    if (found != kByteArrayClass.substr(0, found.size())) {
      fail(at, "expected an array of bytes, found " + class_at(at));
    }
    if (found.size() < kByteArrayClass.size()) fail_truncated();
    at_ += found.size();
  }

  std::string_view bytes_;
  size_t at_ = 0;
  std::vector<std::string_view> arrays_;
};

}  // namespace

std::string write_java_map(const OffsetEntries& entries) { return Writer().write(entries); }
OffsetEntries read_java_map(std::string_view bytes) { return Reader(bytes).read(); }

}  // namespace millrace
