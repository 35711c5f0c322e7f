// What a run has to do, as Python writes it: lines of a word and its numbers.
#pragma once

#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

struct Ports {
    std::vector<size_t> sources, sinks;  // indices of FIFOs
};

struct Frame {
    uint64_t beats = 1, words = 1;  // of a stream: beats a frame, 32-bit words a beat
};

struct Plan {
    uint64_t frames = 1;
    std::vector<Frame> inputs, outputs;
    uint64_t seed = 1, patience = 10000, drain = 1000, reset_length = 16, streams = 0;
    uint64_t trace_from = 0, trace_to = 0;       // cycles from the first beat that is accepted; no waveform if equal
    double offer = 1.0, take = 1.0;              // probabilities of a valid source and a ready sink
    std::vector<uint64_t> resets;                // each so many cycles after the first beat since the last one
    std::vector<std::string> fifos;              // instance paths below the top
    std::vector<Ports> kernels;
};

inline Plan read_plan(const std::string& path) {
    Plan plan;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string key;
        words >> key;
        auto numbers = [&words](auto& all) {
            uint64_t count = 0;
            words >> count;
            for (uint64_t value; count-- && words >> value;) all.push_back(value);
        };
        if (key == "frames") words >> plan.frames;
        else if (key == "input" || key == "output") {
            Frame& frame = (key == "input" ? plan.inputs : plan.outputs).emplace_back();
            words >> frame.beats >> frame.words;
        }
        else if (key == "seed") words >> plan.seed;
        else if (key == "watchdog") words >> plan.patience >> plan.drain;
        else if (key == "probability") words >> plan.offer >> plan.take;
        else if (key == "reset") words >> plan.reset_length, numbers(plan.resets);
        else if (key == "trace") words >> plan.trace_from >> plan.trace_to;
        else if (key == "streams") words >> plan.streams;
        else if (key == "fifo") words >> plan.fifos.emplace_back();
        else if (key == "kernel") {
            Ports& ports = plan.kernels.emplace_back();
            numbers(ports.sources);
            numbers(ports.sinks);
        }
    }
    return plan;
}
