#pragma once
// An HTTP server that answers as a test says, and fails as a test says: a thread, one connection
// after the other.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace millrace::testing_support {

class ScriptedServer {
 public:
  struct Request {
    std::string method;
    std::string target;                          // path and query
    std::map<std::string, std::string> headers;  // names in lower case
    std::string body;
  };
  struct Reply {
    enum class Kind {
      Answer,  // with status, headers and body
      Close,   // after the request was read, without an answer
      Reset,   // as Close, by a TCP reset
      Half,    // a length that does not come, and the end
      Hang,    // no answer until the client gives up
    };
    int status = 200;
    std::string body = "{}";
    std::vector<std::pair<std::string, std::string>> headers = {};
    Kind kind = Kind::Answer;
    bool keeps_open = false;  // the connection, for the next request
  };
  using Handler = std::function<Reply(const Request&)>;

  explicit ScriptedServer(Handler handler)
      : handler_(std::move(handler)), fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(fd_, reinterpret_cast<const sockaddr*>(&address), size);
    ::listen(fd_, 16);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~ScriptedServer() {
    stopping_ = true;
    thread_.join();
    ::close(fd_);
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::vector<Request> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  static constexpr int kPollMs = 20;  // how soon an end is seen

  /// False: the client is gone, or the test is over.
  bool wait(int fd) const {
    while (!stopping_) {
      pollfd one{fd, POLLIN, 0};
      if (::poll(&one, 1, kPollMs) > 0) return true;
    }
    return false;
  }

  void run() {
    while (wait(fd_)) {
      const int client = ::accept(fd_, nullptr, nullptr);
      if (client < 0) continue;
      for (bool more = true; more;) {
        Request request;
        more = read(client, request) && answer(client, request) && comes_again(client);
      }
      ::close(client);
    }
  }

  /// False: the client is gone, or came by another connection.
  bool comes_again(int client) const {
    while (!stopping_) {
      pollfd both[] = {{client, POLLIN, 0}, {fd_, POLLIN, 0}};
      if (::poll(both, 2, kPollMs) <= 0) continue;
      char byte = 0;
      return both[0].revents != 0 && ::recv(client, &byte, 1, MSG_PEEK) > 0;
    }
    return false;
  }

  bool receive(int client, std::string& text) const {
    char bytes[16384];
    if (!wait(client)) return false;
    const ssize_t count = ::recv(client, bytes, sizeof bytes, 0);
    if (count > 0) text.append(bytes, static_cast<size_t>(count));
    return count > 0;
  }

  bool read(int client, Request& request) const {
    std::string text;
    size_t end = std::string::npos;
    while ((end = text.find("\r\n\r\n")) == std::string::npos) {
      if (!receive(client, text)) return false;
    }
    parse_head(text.substr(0, end), request);
    request.body = text.substr(end + 4);
    const auto length = request.headers.find("content-length");
    const size_t wanted = length == request.headers.end() ? 0 : std::stoul(length->second);
    while (request.body.size() < wanted) {
      if (!receive(client, request.body)) return false;
    }
    return true;
  }

  static void parse_head(const std::string& head, Request& request) {
    const size_t line = head.find("\r\n");
    const size_t first = head.find(' ');
    const size_t second = head.find(' ', first + 1);
    request.method = head.substr(0, first);
    request.target = head.substr(first + 1, second - first - 1);
    for (size_t at = line; at < head.size();) {
      const size_t begin = at + 2;
      at = std::min(head.find("\r\n", begin), head.size());
      const std::string text = head.substr(begin, at - begin);
      std::string name = text.substr(0, text.find(':'));
      for (char& c : name) c = static_cast<char>(std::tolower(c));
      const size_t value = text.find_first_not_of(' ', name.size() + 1);
      request.headers[name] = value == std::string::npos ? "" : text.substr(value);
    }
  }

  /// True: the connection stays open.
  bool answer(int client, const Request& request) {
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    const Reply reply = handler_(request);
    if (reply.kind == Reply::Kind::Close) return false;
    if (reply.kind == Reply::Kind::Reset) {
      const linger now{1, 0};
      ::setsockopt(client, SOL_SOCKET, SO_LINGER, &now, sizeof now);
      return false;
    }
    if (reply.kind == Reply::Kind::Hang) {
      std::string ignored;
      while (receive(client, ignored)) {
      }
      return false;
    }
    const size_t more = reply.kind == Reply::Kind::Half ? 1 : 0;
    std::string text = "HTTP/1.1 " + std::to_string(reply.status) + " Scripted\r\n";
    for (const auto& [name, value] : reply.headers) text += name + ": " + value + "\r\n";
    text += "Content-Length: " + std::to_string(reply.body.size() + more) +
            (reply.keeps_open ? "\r\n\r\n" : "\r\nConnection: close\r\n\r\n");
    if (request.method != "HEAD") text += reply.body;
    for (size_t at = 0; at < text.size();) {
      const ssize_t count = ::send(client, text.data() + at, text.size() - at, MSG_NOSIGNAL);
      if (count <= 0) return false;
      at += static_cast<size_t>(count);
    }
    return reply.keeps_open;
  }

  const Handler handler_;  // called by the thread
  const int fd_;
  uint16_t port_ = 0;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;
  std::vector<Request> requests_;
  std::thread thread_;
};

/// An address nobody listens on: connections are refused.
inline std::string closed_url() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(fd, reinterpret_cast<const sockaddr*>(&address), size);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(fd);
  return "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

}  // namespace millrace::testing_support
