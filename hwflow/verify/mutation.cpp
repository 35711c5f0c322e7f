// Runs the frames of a design with one fault at a time, and says whether a check of the outputs would find it.
//
// Usage: simulate FOLDER FRAMES INPUT_BEATS OUTPUT_BEATS FIRST LAST, in the folder of the ROM contents. Reads input.bin
// and output.bin from FOLDER, beats of whole 32-bit words. Number 0 is the design without a fault: it has to give
// output.bin. Prints "mutant NUMBER caught|survived" for FIRST to LAST, each at once, as a fault can end the program by
// a combinational loop; exit code 3 if number 0 is wrong.
// What every kernel hands on is compared as well, by a signature of each stream, with that of number 0; and without
// stalls the most places that each FIFO had in use.
// The runs of each: all frames without stalls, in which every beat has to come in its cycle; then a few frames with
// stalls on both ends, with a slow source, with a slow sink, with pauses of both ends that are long enough for every
// FIFO to fill and to drain, and after resets in mid-frame.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "Vhwflow_mutation.h"

double sc_time_stamp() { return 0; }

namespace {

using Words = std::vector<uint32_t>;

struct Plan {
    long frames, input_beats, output_beats;
    Words input, output;
    size_t input_words, output_words;  // of a beat
};

struct Trace {
    bool right;
    std::vector<long> cycles;  // of the beats, from the start of the last reset
    std::vector<unsigned char> signature, marks;

    bool as(const Trace& other) const { return right && other.right && signature == other.signature; }
};

Words read(const std::string& path) {
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    Words words(static_cast<size_t>(file.tellg()) / 4);
    file.seekg(0).read(reinterpret_cast<char*>(words.data()), static_cast<std::streamsize>(words.size() * 4));
    return words;
}

template <class T>
void put(T& port, const uint32_t* words, size_t count) {
    std::memset(&port, 0, sizeof port);
    std::memcpy(&port, words, std::min(sizeof port, count * 4));
}

template <class T>
bool same(const T& port, const uint32_t* words, size_t count) {
    Words found(std::max(count, (sizeof port + 3) / 4));
    std::memcpy(found.data(), &port, sizeof port);
    return std::memcmp(found.data(), words, count * 4) == 0;
}

// `limit` cycles at most; a beat is offered (taken) in `offers` (`takes`) of 256 cycles; resets in the cycles `resets`.
// With `pause` the sink takes nothing for so many cycles, then for so many what comes; the source halts half as often.
struct Pace {
    long frames, limit;
    unsigned offers, takes;
    std::vector<long> resets;
    long pause = 0;

    bool source(long cycle) const { return !pause || cycle / (2 * pause) % 2 == 0; }
    bool sink(long cycle) const { return !pause || cycle / pause % 2 == 1; }
};

Trace run(const Plan& plan, unsigned mutant, const Pace& pace) {
    VerilatedContext context;
    context.randReset(2);
    context.randSeed(7);
    Vhwflow_mutation top(&context);
    std::mt19937 dice(11);
    const long beats = pace.frames * plan.output_beats;
    Trace trace{true, {}, {}, {}};
    long sent = 0, start = 0;
    bool offer = false;
    top.hwflow_mutant = mutant;
    for (long cycle = 0; cycle < pace.limit; ++cycle) {
        if (std::find(pace.resets.begin(), pace.resets.end(), cycle) != pace.resets.end())
            sent = 0, start = cycle, offer = false, trace.cycles.clear();
        const bool reset = cycle - start < 4;
        const bool left = sent < pace.frames * plan.input_beats;
        offer = left && !reset && (offer || ((dice() & 255) < pace.offers && pace.source(cycle)));  // once offered it stays
        top.aclk = 0;
        top.aresetn = !reset;
        top.s_axis_tvalid = offer;
        put(top.s_axis_tdata, offer ? &plan.input[sent * plan.input_words] : nullptr, offer ? plan.input_words : 0);
        top.s_axis_tlast = offer && sent % plan.input_beats == plan.input_beats - 1;
        top.m_axis_tready = !reset && (dice() & 255) < pace.takes && pace.sink(cycle);
        top.eval();
        const bool in = offer && top.s_axis_tready, out = top.m_axis_tready && top.m_axis_tvalid;
        if (out) {
            const long got = static_cast<long>(trace.cycles.size());
            const uint32_t* expected = got < beats ? &plan.output[got * plan.output_words] : nullptr;
            const bool last = got % plan.output_beats == plan.output_beats - 1;
            if (!expected || !same(top.m_axis_tdata, expected, plan.output_words) || top.m_axis_tlast != last)
                return {false, {}, {}, {}};
            trace.cycles.push_back(cycle - start);
        }
        top.aclk = 1;
        top.eval();
        if (in) ++sent, offer = false;
    }
    trace.right = static_cast<long>(trace.cycles.size()) == beats;
    const auto* bytes = reinterpret_cast<const unsigned char*>(&top.signature);
    trace.signature.assign(bytes, bytes + sizeof top.signature);
    const auto* most = reinterpret_cast<const unsigned char*>(&top.marks);
    trace.marks.assign(most, most + sizeof top.marks);
    return trace;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 7) return 1;
    const std::string folder = argv[1];
    Plan plan{std::atol(argv[2]), std::atol(argv[3]), std::atol(argv[4]),
              read(folder + "/input.bin"), read(folder + "/output.bin"), 0, 0};
    plan.input_words = plan.input.size() / (plan.frames * plan.input_beats);
    plan.output_words = plan.output.size() / (plan.frames * plan.output_beats);
    const unsigned lowest = static_cast<unsigned>(std::atol(argv[5])), highest = static_cast<unsigned>(std::atol(argv[6]));

    const Trace first = run(plan, 0, {plan.frames, 100000 + 10000 * plan.frames, 256, 256, {}});
    if (!first.right) return 3;
    const long nominal = first.cycles.back() + 64;
    const long few = std::min(plan.frames, 24L), part = first.cycles[few * plan.output_beats - 1] + 64;
    const Pace clean{plan.frames, nominal, 256, 256, {}};
    std::vector<long> resets;
    std::mt19937 dice(5);
    for (long cycle = first.cycles.front(); resets.size() < 12;) {
        resets.push_back(cycle);
        cycle += 5 + static_cast<long>(dice() % static_cast<unsigned long>(2 * first.cycles[plan.output_beats - 1]));
    }
    const std::vector<Pace> others{
        {few, 4 * part, 128, 128, {}},
        {few, 24 * part, 16, 256, {}},
        {few, 24 * part, 256, 16, {}},
        {few, 24 * part, 256, 256, {}, 2 * first.cycles[plan.output_beats - 1]},
        {few, resets.back() + part, 256, 256, resets},
    };
    const Trace still = run(plan, 0, clean);  // the same cycles as the first, with the signature of this length
    std::vector<Trace> references;
    for (const Pace& pace : others) references.push_back(run(plan, 0, pace));
    for (const Trace& reference : references)
        if (!reference.right) return 3;
    for (unsigned mutant = lowest; mutant <= highest; ++mutant) {
        const Trace trace = run(plan, mutant, clean);
        bool survives = trace.as(still) && trace.cycles == still.cycles && trace.marks == still.marks;
        for (size_t i = 0; i < others.size() && survives; ++i) survives = run(plan, mutant, others[i]).as(references[i]);
        std::printf("mutant %u %s\n", mutant, survives ? "survived" : "caught");
        std::fflush(stdout);
    }
    return 0;
}
