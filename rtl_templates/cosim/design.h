// hwflow_top as the harness sees it, whatever its ports and their widths. So the harness is compiled once for all designs.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "verilated.h"

class VerilatedTraceBaseC;

struct Port {
    void* data;
    size_t bytes;
};

struct Stream {
    Port tdata, tvalid, tready, tlast;
};

struct Design {
    Port aclk, aresetn;
    std::vector<Stream> sources, sinks;

    virtual ~Design() = default;
    virtual void eval() = 0;
    virtual void trace(VerilatedTraceBaseC* wave) = 0;
};

std::unique_ptr<Design> make_design(VerilatedContext* context);  // in top.cpp, compiled for each design
