// Hands out a beat in GROUPS parts, one on every `step`, the lowest first; with AGAIN round and round.
//
// `first`: the step is the first of its firing; then the part comes straight from the beat, later ones from a copy.
// Latency 0.
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
    localparam int PARTS = AGAIN ? GROUPS : GROUPS - 1;  // that are needed after the first step
    localparam int INDEX = PARTS > 1 ? $clog2(PARTS) : 1;
    localparam int START = AGAIN ? 1 : 0;
    localparam bit ROUND = AGAIN && PARTS != 1 << INDEX;  // the number of the part has to go back to 0
    logic [PARTS*WIDTH-1:0] held;
    logic [INDEX-1:0]       index;
    logic [WIDTH-1:0]       chosen;

    hwflow_part #(.COUNT(PARTS), .WIDTH(WIDTH)) choice (.x(held), .index(index), .y(chosen));
    assign part = first ? beat[WIDTH-1:0] : chosen;

    always_ff @(posedge clk) begin
        if (step && first) held <= beat[GROUPS*WIDTH-1-:PARTS*WIDTH];
        if (step) index <= first ? INDEX'(START) : ROUND && index == INDEX'(PARTS - 1) ? '0 : index + 1'b1;
    end
endmodule
