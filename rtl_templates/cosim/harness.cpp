// Drives hwflow_top: frames back to back through AXI4-Stream, with stalls and resets as planned, and watches it.
//
// Usage: simulate FOLDER, in the folder of the ROM contents. Reads FOLDER/plan.txt and input.bin; writes output.bin,
// accepted.bin and handed.bin (cycle of each beat, int64), streams, and result.json. A beat is whole 32-bit words.
// Cycle 0 is the one that accepts the first input beat. Exit code 3: the design is not what the plan says.

#include <chrono>
#include <memory>
#include <random>

#include "design.h"
#include "watch.h"
#if VM_TRACE_FST
#include "verilated_fst_c.h"
#endif

namespace {

constexpr uint64_t NEVER = ~uint64_t{0};

bool high(const Port& port) { return *static_cast<const CData*>(port.data); }
void set(const Port& port, bool value) { *static_cast<CData*>(port.data) = value; }

// True in a share of the calls.
class Coin {
    std::mt19937_64 bits;
    double share;

  public:
    Coin(uint64_t seed, double share) : bits(seed), share(share) {}
    bool operator()() { return share >= 1.0 || static_cast<double>(bits() >> 11) * 0x1p-53 < share; }
};

template <class T>
void save(const std::string& path, const std::vector<T>& values) {
    const auto bytes = static_cast<std::streamsize>(values.size() * sizeof(T));
    std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(values.data()), bytes);
}

class Run {
    const std::string folder;
    const Plan plan;
    VerilatedContext context;
    std::unique_ptr<Design> top;
    std::unique_ptr<Watch> watch;
    Coin offer, take;
    std::vector<uint32_t> input, output;
    std::vector<int64_t> accepted, handed;
    uint64_t now = 0, base = NEVER, idle = 0, resets = 0;  // base: cycle of the first accepted beat
    uint64_t extra = 0, unsteady = 0, wrong_last = 0;
    bool offering = false, waiting = false, deadlock = false;
    std::vector<uint32_t> shown;  // the output beat that waits to be taken
    std::chrono::steady_clock::time_point said = std::chrono::steady_clock::now();
#if VM_TRACE_FST
    VerilatedFstC wave;
#endif

    size_t total(uint64_t beats) const { return plan.frames * beats; }
    bool finished() const { return handed.size() == total(plan.output_beats); }

    void read_input() {
        input.resize(total(plan.input_beats) * plan.input_words);
        std::ifstream file(folder + "/input.bin", std::ios::binary);
        file.read(reinterpret_cast<char*>(input.data()), static_cast<std::streamsize>(input.size() * 4));
        if (!file) throw std::runtime_error("input.bin is too short");
    }

    // Waveforms show cycle c from 10 c on, its rising edge at 10 c + 5.
    void dump([[maybe_unused]] uint64_t offset) {
#if VM_TRACE_FST
        const bool last_start = base != NEVER && resets == plan.resets.size();
        if (last_start && now - base >= plan.trace_from && now - base < plan.trace_to)
            wave.dump(10 * (now - base) + offset);
#endif
    }

    void drive() {
        const size_t next = accepted.size();
        offering = offering || (next < total(plan.input_beats) && offer());
        set(top->s_axis_tvalid, offering && high(top->aresetn));
        set(top->s_axis_tlast, next % plan.input_beats == plan.input_beats - 1);
        if (next < total(plan.input_beats))
            std::memcpy(top->s_axis_tdata.data, &input[next * plan.input_words], top->s_axis_tdata.bytes);
        set(top->m_axis_tready, finished() || take());
    }

    std::vector<uint32_t> beat() const {
        std::vector<uint32_t> words(plan.output_words);
        std::memcpy(words.data(), top->m_axis_tdata.data, top->m_axis_tdata.bytes);
        return words;
    }

    void check_output() {
        const bool valid = high(top->m_axis_tvalid), ready = high(top->m_axis_tready);
        if (waiting && (!valid || beat() != shown)) ++unsteady;
        waiting = valid && !ready;
        if (waiting) shown = beat();
        if (!valid || !ready) return;
        idle = 0;
        if (finished()) {
            ++extra;
            return;
        }
        wrong_last += high(top->m_axis_tlast) != (handed.size() % plan.output_beats == plan.output_beats - 1);
        const auto words = beat();
        output.insert(output.end(), words.begin(), words.end());
        handed.push_back(static_cast<int64_t>(now - base));
        if (handed.size() % plan.output_beats == 0) say();
    }

    void check() {
        const bool counts = !finished();
        ++idle;
        if (high(top->s_axis_tvalid) && high(top->s_axis_tready)) {
            if (base == NEVER) base = now;
            accepted.push_back(static_cast<int64_t>(now - base));
            offering = false;
            idle = 0;
        }
        check_output();
        if (base != NEVER && counts) watch->cycle();
    }

    void say() {
        if (std::chrono::steady_clock::now() - said < std::chrono::seconds(1)) return;
        said = std::chrono::steady_clock::now();
        std::printf("frame %zu of %zu\n", handed.size() / plan.output_beats, size_t{plan.frames});
        std::fflush(stdout);
    }

    void half_cycle(bool second) {
        set(top->aclk, second);
        top->eval();
        dump(second ? 5 : 0);
    }

    void cycle() {
        drive();
        half_cycle(false);
        if (high(top->aresetn)) check();
        half_cycle(true);
        ++now;
    }

    void reset() {
        set(top->aresetn, false);
        for (uint64_t i = 0; i < plan.reset_length; ++i) cycle();
        set(top->aresetn, true);
        accepted.clear(), handed.clear(), output.clear();
        base = NEVER, idle = 0, offering = waiting = false;
        watch->restart(plan.streams ? folder : "");
    }

    bool reset_due() const {
        return resets < plan.resets.size() && base != NEVER && now - base >= plan.resets[resets];
    }

  public:
    explicit Run(const std::string& folder)
        : folder(folder), plan(read_plan(folder + "/plan.txt")), offer(2 * plan.seed, plan.offer),
          take(2 * plan.seed + 1, plan.take) {
        context.randReset(2);  // registers without a reset, and inputs, start at random
        context.randSeed(static_cast<int>(plan.seed % 0x7FFFFFFF) + 1);
        context.traceEverOn(true);
        top = make_design(&context);
        watch = std::make_unique<Watch>(context, plan);
        read_input();
#if VM_TRACE_FST
        top->trace(&wave);
        wave.set_time_resolution("1ns");
        wave.open((folder + "/wave.fst").c_str());
#endif
    }

    void run() {
        reset();
        while (!finished() && !deadlock) {
            cycle();
            deadlock = idle > plan.patience;
            if (reset_due()) ++resets, reset();
        }
        for (uint64_t i = 0; i < plan.drain && !deadlock; ++i) cycle();
#if VM_TRACE_FST
        wave.close();
#endif
    }

    void save_results() {
        save(folder + "/output.bin", output);
        save(folder + "/accepted.bin", accepted);
        save(folder + "/handed.bin", handed);
        std::ofstream json(folder + "/result.json");
        json << "{\"deadlock\": " << (deadlock ? "true" : "false") << ", \"cycles\": " << now
             << ", \"resets\": " << resets << ", \"extra_beats\": " << extra << ", \"unsteady\": " << unsteady
             << ", \"wrong_last\": " << wrong_last << ",\n \"fifos\": [";
        const char* comma = "";
        for (const Fifo& fifo : watch->fifos) {
            json << comma << "[" << fifo.most << ", " << fifo.used.value() << ", " << fifo.beats << ", " << fifo.held
                 << ", " << fifo.empty << ", " << fifo.full << "]";
            comma = ", ";
        }
        json << "],\n \"kernels\": [";
        comma = "";
        for (const Kernel& kernel : watch->kernels) {
            json << comma << "[" << kernel.starved << ", " << kernel.blocked << "]";
            comma = ", ";
        }
        json << "]}\n";
        watch->restart("");
    }
};

}  // namespace

int main(int count, char** arguments) {
    if (count != 2) return 3;
    try {
        Run run(arguments[1]);
        run.run();
        run.save_results();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 3;
    }
    return 0;
}
