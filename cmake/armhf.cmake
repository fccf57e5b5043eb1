# cmake -DCMAKE_TOOLCHAIN_FILE=cmake/armhf.cmake -DFERRULE_SYSROOT=/path: see cross.cmake.
set(triplet arm-linux-gnueabihf)
set(processor armv7l)
set(emulator qemu-arm-static)
include(${CMAKE_CURRENT_LIST_DIR}/cross.cmake)
