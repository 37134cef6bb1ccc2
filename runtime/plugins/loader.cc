#include "runtime/plugins/loader.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "millrace/errors.h"

namespace millrace {
namespace {

/// A file mapped for reading.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path) noexcept {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    struct stat info {};
    if (::fstat(fd, &info) == 0 && info.st_size > 0) {
      size_ = static_cast<size_t>(info.st_size);
      data_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd, 0);
      if (data_ == MAP_FAILED) data_ = nullptr;
    }
    ::close(fd);
  }
  ~MappedFile() {
    if (data_ != nullptr) ::munmap(data_, size_);
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  /// Null unless [offset, offset + size) lies in the file.
  const char* at(uint64_t offset, uint64_t size) const noexcept {
    if (data_ == nullptr || offset > size_ || size > size_ - offset) return nullptr;
    return static_cast<const char*>(data_) + offset;
  }

 private:
  void* data_ = nullptr;
  size_t size_ = 0;
};

template <class T>
bool read(const MappedFile& file, uint64_t offset, T& out) noexcept {
  const char* from = file.at(offset, sizeof(T));
  if (from == nullptr) return false;
  std::memcpy(&out, from, sizeof(T));
  return true;
}

bool has_symbol(const MappedFile& file, const Elf64_Ehdr& header, const Elf64_Shdr& symbols,
                std::string_view wanted) noexcept {
  Elf64_Shdr strings{};
  if (!read(file, header.e_shoff + uint64_t{symbols.sh_link} * sizeof(Elf64_Shdr), strings)) {
    return false;
  }
  const char* names = file.at(strings.sh_offset, strings.sh_size);
  if (names == nullptr) return false;
  for (uint64_t at = 0; at + sizeof(Elf64_Sym) <= symbols.sh_size; at += sizeof(Elf64_Sym)) {
    Elf64_Sym symbol{};
    if (!read(file, symbols.sh_offset + at, symbol)) return false;
    if (symbol.st_shndx == SHN_UNDEF || symbol.st_name >= strings.sh_size) continue;
    const uint64_t room = strings.sh_size - symbol.st_name;
    if (room > wanted.size() && names[symbol.st_name + wanted.size()] == '\0' &&
        std::memcmp(names + symbol.st_name, wanted.data(), wanted.size()) == 0) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool exports_symbol(const std::filesystem::path& path, std::string_view symbol) noexcept {
  const MappedFile file(path);
  Elf64_Ehdr header{};
  if (!read(file, 0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
      header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_shentsize != sizeof(Elf64_Shdr)) {
    return false;
  }
  for (uint64_t i = 0; i < header.e_shnum; ++i) {
    Elf64_Shdr section{};
    if (!read(file, header.e_shoff + i * sizeof(Elf64_Shdr), section)) return false;
    if (section.sh_type == SHT_DYNSYM && has_symbol(file, header, section, symbol)) return true;
  }
  return false;
}

PluginTable load_plugin(const std::filesystem::path& file) {
  const std::string action = "loading plugin " + file.string() + ": ";
  void* handle = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) throw ConnectException(action + ::dlerror());
  using EntryFunction = const PluginEntry* (*)();
  const auto entry_function =
      reinterpret_cast<EntryFunction>(::dlsym(handle, kPluginEntrySymbol));
  if (entry_function == nullptr) {
    throw ConnectException(action + "it does not export " + kPluginEntrySymbol);
  }
  const PluginEntry* entry = entry_function();
  if (std::strcmp(entry->abi_stamp, MILLRACE_ABI_STAMP) != 0) {
    throw ConnectException(action + "it was built for \"" + entry->abi_stamp +
                           "\", this worker is \"" + MILLRACE_ABI_STAMP +
                           "\"; build it again against this worker's headers");
  }
  PluginTable table;
  try {
    entry->describe(table);
  } catch (...) {
    throw ConnectException(action + "describing its classes failed: " +
                           describe_current_exception());
  }
  return table;
}

}  // namespace millrace
