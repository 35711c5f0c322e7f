// Drives a miter with random bits and counts in how many cycles each output was compared, and differed.
//
// Usage: miter CYCLES SEED. Prints one line per output, "output INDEX COMPARED DIFFERED FIRST": FIRST is the first
// cycle that differed, or -1. Reset is high for eight cycles at the start and again half-way.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "Vmiter.h"

double sc_time_stamp() { return 0; }

int main(int argc, char** argv) {
    const long cycles = argc > 1 ? std::atol(argv[1]) : 0;
    const unsigned long seed = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 0;
    VerilatedContext context;
    context.randReset(2);  // nothing may depend on what a register held before the reset
    context.randSeed(static_cast<int>(seed % 0x7fffffff) + 1);
    const auto top = std::make_unique<Vmiter>(&context);
    std::mt19937 bits(static_cast<uint32_t>(seed));
    std::vector<long> compared(OUTPUTS), differed(OUTPUTS), first(OUTPUTS, -1);
    const auto bit = [](const auto& word, int i) {
        const auto* bytes = reinterpret_cast<const unsigned char*>(&word);  // little-endian, as Verilator's words are
        return (bytes[i / 8] >> (i % 8)) & 1;
    };
    for (long cycle = 0; cycle < cycles; ++cycle) {
        const bool reset = cycle % (cycles / 2 + 1) < 8;
        auto* bytes = reinterpret_cast<unsigned char*>(&top->stimulus);
        for (int i = 0; i < INPUTS; i += 8) bytes[i / 8] = static_cast<unsigned char>(bits() >> 11);
        if constexpr (INPUTS % 8) bytes[INPUTS / 8] &= (1u << INPUTS % 8) - 1;  // no bits that there are not
        top->rst = reset;
        top->clk = 0;
        top->eval();
        for (int i = 0; i < OUTPUTS && !reset; ++i) {
            if (!bit(top->compared, i)) continue;
            ++compared[i];
            if (!bit(top->differs, i)) continue;
            if (!differed[i]++) first[i] = cycle;
        }
        top->clk = 1;
        top->eval();
    }
    for (int i = 0; i < OUTPUTS; ++i) std::printf("output %d %ld %ld %ld\n", i, compared[i], differed[i], first[i]);
    return 0;
}
