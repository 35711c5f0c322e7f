// hwflow_top as the harness sees it, whatever the widths of its ports. So the harness is compiled once for all designs.
#pragma once

#include <cstdint>
#include <memory>

#include "verilated.h"

class VerilatedTraceBaseC;

struct Port {
    void* data;
    size_t bytes;
};

struct Design {
    Port aclk, aresetn;
    Port s_axis_tdata, s_axis_tvalid, s_axis_tready, s_axis_tlast;
    Port m_axis_tdata, m_axis_tvalid, m_axis_tready, m_axis_tlast;

    virtual ~Design() = default;
    virtual void eval() = 0;
    virtual void trace(VerilatedTraceBaseC* wave) = 0;
};

std::unique_ptr<Design> make_design(VerilatedContext* context);  // in top.cpp, compiled for each design
