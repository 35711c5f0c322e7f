// Runs over a frame PASSES times, STEPS steps each and GAP idle cycles behind each, then lets its last run begin.
//
// `able`: the frame is there. `start`: the first step of the first pass. turn[p]: a step of pass p; end[p]: its last
// one. `emit`: from behind the last gap until `over`, which marks the last cycle of the run that puts out. Latency 0.
module hwflow_passes #(
    parameter int PASSES = 2,
    parameter int STEPS  = 8,
    parameter int GAP    = 4
) (
    input  logic              clk,
    input  logic              rst,
    input  logic              able,
    input  logic              over,
    output logic              start,
    output logic [PASSES-1:0] turn,
    output logic [PASSES-1:0] ends,
    output logic              emit
);
    localparam int WHOLE = STEPS + GAP;
    localparam int COUNT = WHOLE > 1 ? $clog2(WHOLE) : 1;
    logic [COUNT-1:0]  count;
    logic [PASSES-1:0] pass;

    wire idle = count == '0 && pass[0];
    assign start = idle && !emit && able;
    wire busy = start || !idle;
    wire step = busy && (GAP == 0 || count < COUNT'(STEPS));
    wire done = count == COUNT'(WHOLE - 1);
    assign turn  = pass & {PASSES{step}};
    assign ends  = pass & {PASSES{step && count == COUNT'(STEPS - 1)}};

    always_ff @(posedge clk) begin
        if (rst) begin
            count <= '0;
            pass  <= PASSES'(1);
            emit  <= 1'b0;
        end else begin
            if (busy) count <= done ? '0 : count + 1'b1;
            if (busy && done) pass <= PASSES'({pass, pass[PASSES-1]});
            emit <= (busy && done && pass[PASSES-1]) || (emit && !over);
        end
    end
endmodule
