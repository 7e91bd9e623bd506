// The test program's main: the tests, or the worker process that one of them starts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string_view>

#include "engine/open_remote.h"
#include "platform/child_process.h"

int main(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == "worker")
    return hearth::engine::run_worker(hearth::platform::ChildProcess::kSocket,
                                      {.folder = argv[2], .name = "tiny"});
  testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
