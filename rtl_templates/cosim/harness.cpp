// Drives hwflow_top: frames back to back through AXI4-Stream, with stalls and resets as planned, and watches it.
//
// Usage: simulate FOLDER, in the folder of the ROM contents. Reads FOLDER/plan.txt and, for every input N, inputN.bin;
// writes for every output N outputN.bin, for every port acceptedN.bin or handedN.bin (cycle of each beat, int64), streams,
// and result.json. A beat is whole 32-bit words. Input and output 0 are the data, others states.
// Cycle 0 is the one that accepts the first beat of the data. Exit code 3: the design is not what the plan says.

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

// Offers the beats of an input.
class Source {
    const Stream pins;
    const Frame frame;
    const size_t total;
    std::vector<uint32_t> input;
    Coin offer;
    bool offering = false;

  public:
    std::vector<int64_t> accepted;  // cycles

    Source(const Stream& pins, const Frame& frame, uint64_t frames, const std::string& path, Coin offer)
        : pins(pins), frame(frame), total(frames * frame.beats), input(total * frame.words), offer(offer) {
        std::ifstream file(path, std::ios::binary);
        file.read(reinterpret_cast<char*>(input.data()), static_cast<std::streamsize>(input.size() * 4));
        if (!file) throw std::runtime_error(path + " is too short");
    }

    void drive(bool running) {
        const size_t next = accepted.size();
        offering = offering || (next < total && offer());
        set(pins.tvalid, offering && running);
        set(pins.tlast, next % frame.beats == frame.beats - 1);
        if (next < total) std::memcpy(pins.tdata.data, &input[next * frame.words], pins.tdata.bytes);
    }

    bool check(uint64_t now) {  // whether a beat went in
        if (!high(pins.tvalid) || !high(pins.tready)) return false;
        accepted.push_back(static_cast<int64_t>(now));
        offering = false;
        return true;
    }

    void restart() { accepted.clear(), offering = false; }
};

// Takes the beats of an output.
class Sink {
    const Stream pins;
    const Frame frame;
    const size_t total;
    Coin take;
    bool waiting = false;
    std::vector<uint32_t> shown;  // the beat that waits to be taken

  public:
    std::vector<uint32_t> output;
    std::vector<int64_t> handed;  // cycles
    uint64_t extra = 0, unsteady = 0, wrong_last = 0;

    Sink(const Stream& pins, const Frame& frame, uint64_t frames, Coin take)
        : pins(pins), frame(frame), total(frames * frame.beats), take(take) {}

    bool finished() const { return handed.size() == total; }
    size_t frames() const { return handed.size() / frame.beats; }
    void drive() { set(pins.tready, finished() || take()); }

    bool check(uint64_t now) {  // whether a beat came out
        const bool valid = high(pins.tvalid), ready = high(pins.tready);
        if (waiting && (!valid || beat() != shown)) ++unsteady;
        waiting = valid && !ready;
        if (waiting) shown = beat();
        if (!valid || !ready) return false;
        if (finished()) {
            ++extra;
            return true;
        }
        wrong_last += high(pins.tlast) != (handed.size() % frame.beats == frame.beats - 1);
        const auto words = beat();
        output.insert(output.end(), words.begin(), words.end());
        handed.push_back(static_cast<int64_t>(now));
        return true;
    }

    void restart() { handed.clear(), output.clear(), waiting = false; }

  private:
    std::vector<uint32_t> beat() const {
        std::vector<uint32_t> words(frame.words);
        std::memcpy(words.data(), pins.tdata.data, pins.tdata.bytes);
        return words;
    }
};

class Run {
    const std::string folder;
    const Plan plan;
    VerilatedContext context;
    std::unique_ptr<Design> top;
    std::unique_ptr<Watch> watch;
    std::vector<Source> sources;
    std::vector<Sink> sinks;
    uint64_t now = 0, base = NEVER, idle = 0, resets = 0;  // base: cycle of the first accepted beat of the data
    bool deadlock = false;
    std::chrono::steady_clock::time_point said = std::chrono::steady_clock::now();
#if VM_TRACE_FST
    VerilatedFstC wave;
#endif

    bool finished() const {
        return std::all_of(sinks.begin(), sinks.end(), [](const Sink& sink) { return sink.finished(); });
    }

    // Waveforms show cycle c from 10 c on, its rising edge at 10 c + 5.
    void dump([[maybe_unused]] uint64_t offset) {
#if VM_TRACE_FST
        const bool last_start = base != NEVER && resets == plan.resets.size();
        if (last_start && now - base >= plan.trace_from && now - base < plan.trace_to)
            wave.dump(10 * (now - base) + offset);
#endif
    }

    void check() {
        const bool counts = !finished();
        ++idle;
        for (Source& source : sources)
            if (source.check(now)) idle = 0;
        if (base == NEVER && !sources[0].accepted.empty()) base = now;
        for (Sink& sink : sinks)
            if (sink.check(now)) idle = 0;
        if (base != NEVER && counts) watch->cycle();
        if (idle == 0) say();
    }

    void say() {
        if (std::chrono::steady_clock::now() - said < std::chrono::seconds(1)) return;
        said = std::chrono::steady_clock::now();
        std::printf("frame %zu of %zu\n", sinks[0].frames(), size_t{plan.frames});
        std::fflush(stdout);
    }

    void half_cycle(bool second) {
        set(top->aclk, second);
        top->eval();
        dump(second ? 5 : 0);
    }

    void cycle() {
        for (Source& source : sources) source.drive(high(top->aresetn));
        for (Sink& sink : sinks) sink.drive();
        half_cycle(false);
        if (high(top->aresetn)) check();
        half_cycle(true);
        ++now;
    }

    void reset() {
        set(top->aresetn, false);
        for (uint64_t i = 0; i < plan.reset_length; ++i) cycle();
        set(top->aresetn, true);
        for (Source& source : sources) source.restart();
        for (Sink& sink : sinks) sink.restart();
        base = NEVER, idle = 0;
        watch->restart(plan.streams ? folder : "");
    }

    bool reset_due() const {
        return resets < plan.resets.size() && base != NEVER && now - base >= plan.resets[resets];
    }

    void connect() {
        if (plan.inputs.size() != top->sources.size() || plan.outputs.size() != top->sinks.size())
            throw std::runtime_error("the plan has other ports than the design");
        for (size_t n = 0; n < plan.inputs.size(); ++n)
            sources.emplace_back(top->sources[n], plan.inputs[n], plan.frames, file("input", n),
                                 Coin(2 * plan.seed + (n << 32), plan.offer));
        for (size_t n = 0; n < plan.outputs.size(); ++n)
            sinks.emplace_back(top->sinks[n], plan.outputs[n], plan.frames, Coin(2 * plan.seed + 1 + (n << 32), plan.take));
    }

    std::string file(const char* name, size_t number) const {
        return folder + "/" + name + std::to_string(number) + ".bin";
    }

    // Cycles count from the first beat of the data.
    std::vector<int64_t> counted(std::vector<int64_t> cycles) const {
        for (int64_t& cycle : cycles) cycle -= static_cast<int64_t>(base == NEVER ? 0 : base);
        return cycles;
    }

  public:
    explicit Run(const std::string& folder) : folder(folder), plan(read_plan(folder + "/plan.txt")) {
        context.randReset(2);  // registers without a reset, and inputs, start at random
        context.randSeed(static_cast<int>(plan.seed % 0x7FFFFFFF) + 1);
        context.traceEverOn(true);
        top = make_design(&context);
        watch = std::make_unique<Watch>(context, plan);
        connect();
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
        for (size_t n = 0; n < sources.size(); ++n) save(file("accepted", n), counted(sources[n].accepted));
        for (size_t n = 0; n < sinks.size(); ++n) {
            save(file("output", n), sinks[n].output);
            save(file("handed", n), counted(sinks[n].handed));
        }
        std::ofstream json(folder + "/result.json");
        json << "{\"deadlock\": " << (deadlock ? "true" : "false") << ", \"cycles\": " << now
             << ", \"resets\": " << resets << ",\n \"outputs\": [";
        const char* comma = "";
        for (const Sink& sink : sinks) {
            json << comma << "{\"extra_beats\": " << sink.extra << ", \"unsteady\": " << sink.unsteady
                 << ", \"wrong_last\": " << sink.wrong_last << "}";
            comma = ", ";
        }
        json << "],\n \"fifos\": [";
        comma = "";
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
