// LANES elements of a beat of IN_LANES, from element START on, every STEPth. Wires only, latency 0.
module hwflow_pick #(
    parameter int IN_LANES = 2,
    parameter int LANES    = 1,
    parameter int START    = 0,
    parameter int STEP     = 1,
    parameter int WIDTH    = 8
) (
    /* verilator lint_off UNUSEDSIGNAL */  // the elements left out
    input  logic [IN_LANES*WIDTH-1:0] x,
    /* verilator lint_on UNUSEDSIGNAL */
    output logic [LANES*WIDTH-1:0]    y
);
    for (genvar i = 0; i < LANES; i++) begin : g_lane
        assign y[i*WIDTH+:WIDTH] = x[(START+i*STEP)*WIDTH+:WIDTH];
    end
endmodule
