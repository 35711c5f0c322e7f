// Hands out a beat in GROUPS parts, one on every `step`, the lowest first; with AGAIN round and round.
//
// `first`: the step is the first of its firing; then the part comes straight from the beat. Latency 0.
module hwflow_unpack #(
    parameter int WIDTH  = 8,
    parameter int GROUPS = 2,
    parameter bit AGAIN  = 1
) (
    input  logic                    clk,
    input  logic                    step,
    input  logic                    first,
    input  logic [GROUPS*WIDTH-1:0] beat,
    output logic [WIDTH-1:0]        part
);
    localparam int LEFT = (AGAIN ? GROUPS : GROUPS - 1) * WIDTH;  // bits of the parts that are still to come
    logic [LEFT-1:0] held, next;

    assign part = first ? beat[WIDTH-1:0] : held[WIDTH-1:0];

    if (AGAIN) begin : g_again
        assign next = {part, first ? beat[GROUPS*WIDTH-1:WIDTH] : held[LEFT-1:WIDTH]};
    end else begin : g_once
        assign next = first ? beat[GROUPS*WIDTH-1:WIDTH] : held >> WIDTH;
    end

    always_ff @(posedge clk) if (step) held <= next;
endmodule
