#include "runtime/plugins/loader.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "millrace/errors.h"

namespace millrace {
namespace {

/// A file mapped for reading.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path) noexcept {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
      error_ = errno;
      return;
    }
    struct stat info {};
    if (::fstat(fd, &info) != 0) {
      error_ = errno;
    } else if (info.st_size > 0) {
      map(fd, static_cast<size_t>(info.st_size));
    }
    ::close(fd);
  }
  ~MappedFile() {
    if (data_ != nullptr) ::munmap(data_, size_);
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  /// Why it could not be read; 0 when it could.
  int error() const noexcept { return error_; }
  /// Null unless [offset, offset + size) lies in the file.
  const char* at(uint64_t offset, uint64_t size) const noexcept {
    if (data_ == nullptr || offset > size_ || size > size_ - offset) return nullptr;
    return static_cast<const char*>(data_) + offset;
  }

 private:
  void map(int fd, size_t size) noexcept {
    void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED) {
      error_ = errno;
      return;
    }
    data_ = data;
    size_ = size;
  }

  void* data_ = nullptr;
  size_t size_ = 0;
  int error_ = 0;
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

bool is_shared_object(const Elf64_Ehdr& header) noexcept {
  return std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
         header.e_ident[EI_CLASS] == ELFCLASS64 && header.e_ident[EI_DATA] == ELFDATA2LSB &&
         header.e_type == ET_DYN && header.e_phentsize == sizeof(Elf64_Phdr) &&
         (header.e_shnum == 0 || header.e_shentsize == sizeof(Elf64_Shdr));
}

/// False when a part that will be mapped is missing: touching it would end the worker.
bool is_complete(const MappedFile& file, const Elf64_Ehdr& header) noexcept {
  for (uint64_t i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment{};
    if (!read(file, header.e_phoff + i * sizeof(Elf64_Phdr), segment)) return false;
    if (segment.p_type == PT_LOAD && file.at(segment.p_offset, segment.p_filesz) == nullptr) {
      return false;
    }
  }
  return header.e_shnum == 0 ||
         file.at(header.e_shoff, uint64_t{header.e_shnum} * sizeof(Elf64_Shdr)) != nullptr;
}

bool exports(const MappedFile& file, const Elf64_Ehdr& header, std::string_view symbol) noexcept {
  for (uint64_t i = 0; i < header.e_shnum; ++i) {
    Elf64_Shdr section{};
    if (!read(file, header.e_shoff + i * sizeof(Elf64_Shdr), section)) return false;
    if (section.sh_type == SHT_DYNSYM && has_symbol(file, header, section, symbol)) return true;
  }
  return false;
}

}  // namespace

PluginFile inspect_plugin(const std::filesystem::path& path) {
  using Kind = PluginFile::Kind;
  const MappedFile file(path);
  if (file.error() != 0) return {Kind::Unusable, std::strerror(file.error())};
  Elf64_Ehdr header{};
  if (!read(file, 0, header) || !is_shared_object(header)) {
    return {Kind::Unusable, "it is not a 64-bit ELF shared object"};
  }
  if (!is_complete(file, header)) return {Kind::Unusable, "it is cut off"};
  return {exports(file, header, kPluginEntrySymbol) ? Kind::Plugin : Kind::OtherLibrary, {}};
}

PluginTable load_plugin(const std::filesystem::path& file) {
  const std::string action = "loading plugin " + file.string() + ": ";
  void* handle = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) throw ConnectException(action + ::dlerror());
  using EntryFunction = const PluginEntry* (*)();
  const auto entry_function = reinterpret_cast<EntryFunction>(::dlsym(handle, kPluginEntrySymbol));
  if (entry_function == nullptr) {
    throw ConnectException(action + "it does not export " + kPluginEntrySymbol);
  }
  const PluginEntry* entry = entry_function();
  if (entry == nullptr || entry->abi_stamp == nullptr) {
    throw ConnectException(action + kPluginEntrySymbol +
                           " gave nothing; define it with MILLRACE_PLUGIN");
  }
  // Nothing behind the stamp is read before it is known to be the same layout.
  if (std::strcmp(entry->abi_stamp, MILLRACE_ABI_STAMP) != 0) {
    throw ConnectException(action + "it was built for \"" + entry->abi_stamp +
                           "\", this worker is \"" + MILLRACE_ABI_STAMP +
                           "\"; build it again against this worker's headers");
  }
  PluginTable table;
  try {
    entry->describe(table);
  } catch (...) {
    throw ConnectException(action +
                           "describing its classes failed: " + describe_current_exception());
  }
  return table;
}

}  // namespace millrace
