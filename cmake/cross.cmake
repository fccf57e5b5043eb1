# Cross build for one Debian architecture: what cmake/arm64.cmake and cmake/armhf.cmake share. They set `triplet`, `processor` and `emulator`.
#
# FERRULE_SYSROOT (cache variable or environment) is a folder made by packaging/sysroot: the target's headers, libraries and dpkg
# database. The compiler is the host's own cross compiler; nothing foreign runs during the build.
if(NOT FERRULE_SYSROOT AND DEFINED ENV{FERRULE_SYSROOT})
  set(FERRULE_SYSROOT $ENV{FERRULE_SYSROOT})
endif()
if(NOT FERRULE_SYSROOT)
  message(FATAL_ERROR "FERRULE_SYSROOT is not set: packaging/sysroot makes one")
endif()
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES FERRULE_SYSROOT)

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${processor})
set(CMAKE_C_COMPILER ${triplet}-gcc-12)
set(CMAKE_CXX_COMPILER ${triplet}-g++-12)
set(CMAKE_LIBRARY_ARCHITECTURE ${triplet})
set(CMAKE_SYSROOT ${FERRULE_SYSROOT})
set(CMAKE_FIND_ROOT_PATH ${FERRULE_SYSROOT})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(PKG_CONFIG_EXECUTABLE /usr/bin/pkg-config)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${FERRULE_SYSROOT})
set(ENV{PKG_CONFIG_LIBDIR} ${FERRULE_SYSROOT}/usr/lib/${triplet}/pkgconfig:${FERRULE_SYSROOT}/usr/share/pkgconfig)
set(ENV{PKG_CONFIG_PATH} "")
# Runs the unit tests of such a build on the machine that built it.
set(CMAKE_CROSSCOMPILING_EMULATOR ${emulator} -L ${FERRULE_SYSROOT})
