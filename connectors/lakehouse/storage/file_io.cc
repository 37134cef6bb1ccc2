#include "connectors/lakehouse/storage/file_io.h"

#include "connectors/lakehouse/storage/local_path.h"
#include "connectors/lakehouse/storage/s3_files.h"
#include "millrace/errors.h"

namespace millrace::lakehouse {

std::shared_ptr<FileIO> make_file_io(const std::string& path, const Properties& settings,
                                     RenewCredentials renew) {
  const std::string scheme = scheme_of(path);
  if (scheme.empty() || scheme == "file") return local_files();
  if (is_s3_scheme(scheme)) return s3_files(settings, std::move(renew));
  throw ConfigException("Opening " + path + ": the scheme " + scheme +
                        " is not supported; use s3:, a path of this machine or a file: URI.");
}

}  // namespace millrace::lakehouse
