// What keeps a worker from taking the whole machine down with it.
#pragma once

namespace hearth::engine {

/// For a worker whose model is loaded. From now on its address space may grow by half of the memory
/// that is free, and by 4 GiB in any case (or less, where a lower limit was set before): a chat
/// template or a graph that eats without end hits that wall, and ends this process instead of
/// driving the machine into swap. And if memory runs out all the same, the kernel takes this
/// process first.
///
/// On systems without such limits nothing happens; what fails is logged.
void guard_machine();

}  // namespace hearth::engine
