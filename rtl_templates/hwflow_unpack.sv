// Hands out a beat in GROUPS parts, one on every `step`, the lowest first, round and round.
//
// `first`: the step is the first of its firing; then the part comes straight from the beat. Latency 0.
module hwflow_unpack #(
    parameter int WIDTH  = 8,
    parameter int GROUPS = 2
) (
    input  logic                    clk,
    input  logic                    step,
    input  logic                    first,
    input  logic [GROUPS*WIDTH-1:0] beat,
    output logic [WIDTH-1:0]        part
);
    logic [GROUPS*WIDTH-1:0] held, current;

    assign current = first ? beat : held;
    assign part    = current[WIDTH-1:0];

    always_ff @(posedge clk) if (step) held <= {current[WIDTH-1:0], current[GROUPS*WIDTH-1:WIDTH]};
endmodule
