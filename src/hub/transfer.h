// A file that is wanted, and its state on the way.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "hub/content_hash.h"
#include "hub/file_lock.h"
#include "hub/part_file.h"
#include "hub/part_map.h"

namespace hearth::hub {

/// What to fetch, and what proves it.
struct WantedFile {
  std::string repository;
  std::string commit;
  std::string path;  ///< in the repository
  std::uint64_t bytes = 0;
  HashKind kind = HashKind::GitBlob;
  std::string hash;     ///< of that kind; names the blob
  std::string address;  ///< at the Hub
};

/// One wanted file on its way. Everything but `wanted` and `part` is guarded by the board's mutex.
struct Transfer {
  enum class State {
    Waiting,    ///< not begun
    Elsewhere,  ///< another program holds its lock
    Open,       ///< locked; its blocks are handed out
    Done
  };

  explicit Transfer(WantedFile file) : wanted(std::move(file)) {}

  const WantedFile wanted;
  State state = State::Waiting;
  std::optional<FileLock> lock;
  std::shared_ptr<const PartFile> part;
  std::optional<PartMap> map;
  std::string storage;       ///< where the Hub's redirect led, until it expires
  bool ranges = true;        ///< the storage gives parts of the file
  bool restarting = false;   ///< all begins anew when nobody holds a piece any more
  int pieces = 0;            ///< handed out now
  int epoch = 0;             ///< grows each time that all begins anew
  int restarts = 0;          ///< since the storage had another file, or knew no ranges
  int mismatches = 0;        ///< whole files with a wrong hash
  std::uint64_t hashed = 0;  ///< length of the beginning that is hashed
};

/// A range of a file for one connection to fetch.
struct Piece {
  Transfer* transfer = nullptr;
  ByteRange range;
  bool ranges = true;  ///< false: the storage gives the file only as a whole
};

}  // namespace hearth::hub
