// The design behind design.h.

#include "Vtop.h"
#include "design.h"

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
        s_axis_tdata = port(top.s_axis_tdata), s_axis_tvalid = port(top.s_axis_tvalid);
        s_axis_tready = port(top.s_axis_tready), s_axis_tlast = port(top.s_axis_tlast);
        m_axis_tdata = port(top.m_axis_tdata), m_axis_tvalid = port(top.m_axis_tvalid);
        m_axis_tready = port(top.m_axis_tready), m_axis_tlast = port(top.m_axis_tlast);
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
