// Watches the FIFOs and kernels inside the design, through variables that cosim.vlt makes readable.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <stdexcept>

#include "plan.h"
#include "verilated.h"
#include "verilated_syms.h"

struct Signal {
    const void* data = nullptr;
    size_t bytes = 0;

    Signal() = default;
    Signal(const VerilatedScope* scope, const char* name) {
        const VerilatedVar* found = scope->varFind(name);
        if (!found) throw std::runtime_error(std::string("no variable ") + name + " in " + scope->name());
        data = found->datap();
        bytes = found->entSize();
    }
    uint64_t value() const {  // of a variable of at most 64 bits; the host is little-endian, as Verilator's words are
        uint64_t value = 0;
        std::memcpy(&value, data, std::min(bytes, sizeof value));
        return value;
    }
};

// One FIFO. Counts are of cycles since the first input beat; `most` is of places, beats in flight included.
struct Fifo {
    Signal used, room, reserve, valid, ready, data;
    uint64_t most = 0, held = 0, empty = 0, full = 0, beats = 0;
    std::FILE* stream = nullptr;

    explicit Fifo(const VerilatedScope* scope)
        : used(scope, "used"), room(scope, "room"), reserve(scope, "reserve"), valid(scope, "m_valid"),
          ready(scope, "m_ready"), data(scope, "m_data") {}

    bool taken() const { return valid.value() && ready.value(); }

    void watch() {
        most = std::max(most, used.value() + reserve.value());  // a read in the same cycle frees its place in the next
        held += valid.value() && !ready.value();
        empty += !valid.value();
        full += !room.value();
        if (!taken()) return;
        ++beats;
        if (stream) write();
    }

  private:
    void write() {
        const uint32_t zeros = 0;
        std::fwrite(data.data, 1, data.bytes, stream);
        if (data.bytes < sizeof zeros) std::fwrite(&zeros, 1, sizeof zeros - data.bytes, stream);
    }
};

// A kernel that takes nothing is starved when a beat is missing, blocked when only a place is.
struct Kernel {
    Ports ports;
    uint64_t starved = 0, blocked = 0;

    void watch(const std::vector<Fifo>& fifos) {
        auto any = [&fifos](const std::vector<size_t>& of, auto test) {
            return std::any_of(of.begin(), of.end(), [&](size_t index) { return test(fifos[index]); });
        };
        if (any(ports.sources, [](const Fifo& fifo) { return fifo.taken(); })) return;
        if (any(ports.sources, [](const Fifo& fifo) { return !fifo.valid.value(); })) ++starved;
        else if (any(ports.sinks, [](const Fifo& fifo) { return !fifo.room.value(); })) ++blocked;
    }
};

struct Watch {
    std::vector<Fifo> fifos;
    std::vector<Kernel> kernels;

    Watch(const VerilatedContext& context, const Plan& plan) {
        for (const std::string& path : plan.fifos) {
            const VerilatedScope* scope = context.scopeFind(("hwflow_top." + path).c_str());
            if (!scope) throw std::runtime_error("no FIFO " + path + " in hwflow_top");
            fifos.emplace_back(scope);
        }
        for (const Ports& ports : plan.kernels) kernels.push_back({ports});
    }

    void cycle() {
        for (Fifo& fifo : fifos) fifo.watch();
        for (Kernel& kernel : kernels) kernel.watch(fifos);
    }

    // Forgets everything; with a folder, the beats of every FIFO go to files in it from now on.
    void restart(const std::string& folder) {
        for (size_t i = 0; i < fifos.size(); ++i) {
            Fifo& fifo = fifos[i];
            fifo.most = fifo.held = fifo.empty = fifo.full = fifo.beats = 0;
            if (fifo.stream) std::fclose(fifo.stream);
            const std::string path = folder + "/stream" + std::to_string(i) + ".bin";
            fifo.stream = folder.empty() ? nullptr : std::fopen(path.c_str(), "wb");
        }
        for (Kernel& kernel : kernels) kernel.starved = kernel.blocked = 0;
    }
};
