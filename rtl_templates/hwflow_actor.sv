// Starts the firings of a kernel: CYCLES steps each, FIRINGS in a round, the next one as soon as it is able to.
//
// `able`: everything that the next firing takes is there, and every place that it fills is free. A firing starts in
// the cycle in which `start` is high; its steps are the cycles with `active` high, from that one on.
// `first`, `last`: the firing that starts next, or runs, is the first (last) of the round.
// `step_first`, `step_last`: the step is the first (last) of its firing. II = CYCLES, latency 0.
module hwflow_actor #(
    parameter int FIRINGS = 1,
    parameter int CYCLES  = 1
) (
    /* verilator lint_off UNUSEDSIGNAL */  // a single firing of one step needs neither
    input  logic clk,
    input  logic rst,
    /* verilator lint_on UNUSEDSIGNAL */
    input  logic able,
    output logic start,
    output logic active,
    output logic first,
    output logic last,
    output logic step_first,
    output logic step_last
);
    generate
        if (CYCLES == 1) begin : g_single
            assign start      = able;
            assign active     = able;
            assign step_first = 1'b1;
            assign step_last  = 1'b1;
        end else begin : g_steps
            localparam int STEP = $clog2(CYCLES);
            logic [STEP-1:0] step;
            assign step_first = step == '0;
            assign step_last  = step == STEP'(CYCLES - 1);
            assign start      = step_first && able;
            assign active     = start || !step_first;
            always_ff @(posedge clk) begin
                if (rst) step <= '0;
                else if (active) step <= step_last ? '0 : step + 1'b1;
            end
        end

        if (FIRINGS == 1) begin : g_one
            assign first = 1'b1;
            assign last  = 1'b1;
        end else begin : g_round
            localparam int INDEX = $clog2(FIRINGS);
            logic [INDEX-1:0] index;
            assign first = index == '0;
            assign last  = index == INDEX'(FIRINGS - 1);
            always_ff @(posedge clk) begin
                if (rst) index <= '0;
                else if (active && step_last) index <= last ? '0 : index + 1'b1;
            end
        end
    endgenerate
endmodule
