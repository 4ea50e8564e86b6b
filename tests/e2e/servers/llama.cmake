# What of llama.cpp is compiled for the tests, and how; read after each `project` of it. The model of
# the tests is tiny: what runs it has to be compiled soon rather than run fast, and on any processor.
# So it is not optimised, and has no library for tools; its CMakeLists.txt switches that one on in
# the cache, which a variable like this comes before.
set(LLAMA_BUILD_COMMON OFF)
set(LLAVA_BUILD OFF)
foreach(option AVX AVX2 BMI2 CPU_REPACK F16C FMA LLAMAFILE NATIVE OPENMP SSE42)
    set(GGML_${option} OFF)
endforeach()
set(CMAKE_C_FLAGS_RELEASE -O1)
set(CMAKE_CXX_FLAGS_RELEASE -O0)
