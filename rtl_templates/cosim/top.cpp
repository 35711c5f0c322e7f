// The design behind design.h. ports.h, written for each design, lists its streams: HWFLOW_SOURCES and HWFLOW_SINKS.

#include "Vtop.h"
#include "design.h"
#include "ports.h"

namespace {

// Ports of a control block, where the design has one, are left at rest.
template <class Top>
auto rest(Top& top, int) -> decltype(top.s_axil_awvalid, void()) {
    top.s_axil_awvalid = top.s_axil_wvalid = top.s_axil_arvalid = 0;
    top.s_axil_bready = top.s_axil_rready = 0;
}
template <class Top>
void rest(Top&, long) {}

template <class T>
Port port(T& data) {
    return {&data, sizeof data};
}

struct Top final : Design {
    Vtop top;

    explicit Top(VerilatedContext* context) : top(context, "") {
        rest(top, 0);
        aclk = port(top.aclk), aresetn = port(top.aresetn);
#define HWFLOW_STREAM(name) \
    {port(top.name##_tdata), port(top.name##_tvalid), port(top.name##_tready), port(top.name##_tlast)},
        sources = {HWFLOW_SOURCES(HWFLOW_STREAM)};
        sinks = {HWFLOW_SINKS(HWFLOW_STREAM)};
#undef HWFLOW_STREAM
    }
    ~Top() override { top.final(); }
    void eval() override { top.eval(); }
    void trace([[maybe_unused]] VerilatedTraceBaseC* wave) override {
#if VM_TRACE
        top.trace(wave, 99);
#endif
    }
};

}  // namespace

std::unique_ptr<Design> make_design(VerilatedContext* context) { return std::make_unique<Top>(context); }
