# One precompiled header of the standard library for all our libraries, one with GoogleTest for all tests.
function(ferrule_precompile target)
  if(NOT FERRULE_PCH)
    return()
  endif()
  target_precompile_headers(${target} REUSE_FROM ${ARGV1})
endfunction()

if(FERRULE_PCH)
  if(CCACHE)
    target_compile_options(ferrule_flags INTERFACE -fpch-preprocess)
  endif()
  file(WRITE ${CMAKE_BINARY_DIR}/precompiled.cpp "")
  add_library(ferrule_std_headers OBJECT ${CMAKE_BINARY_DIR}/precompiled.cpp)
  target_link_libraries(ferrule_std_headers PRIVATE ferrule_flags)
  target_precompile_headers(ferrule_std_headers PRIVATE <algorithm> <array> <atomic> <charconv> <chrono> <cmath> <cstdint>
    <condition_variable> <cstring> <filesystem> <functional> <future> <limits> <map> <memory> <mutex> <optional> <random> <span>
    <string> <string_view> <thread> <unordered_map> <unordered_set> <utility> <variant> <vector>)
endif()
