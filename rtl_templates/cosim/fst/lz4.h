// The two functions of LZ4 that Verilator's FST writer calls, without compression: one sequence of literals.
// Format: github.com/lz4/lz4, doc/lz4_Block_format.md.
#pragma once

#include <cstring>

inline int LZ4_compressBound(int size) { return size + size / 255 + 16; }

inline int LZ4_compress_default(const char* from, char* to, int size, int) {
    char* at = to;
    if (size < 15) {
        *at++ = static_cast<char>(size << 4);
    } else {
        *at++ = static_cast<char>(0xF0);
        int rest = size - 15;
        for (; rest >= 255; rest -= 255) *at++ = static_cast<char>(255);
        *at++ = static_cast<char>(rest);
    }
    std::memcpy(at, from, static_cast<size_t>(size));
    return static_cast<int>(at - to) + size;
}
