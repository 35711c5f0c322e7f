// Shows a value for the rest of a firing: d itself in the `first` step, after that what d was then. Latency 0.
module hwflow_keep #(
    parameter int WIDTH = 8
) (
    input  logic             clk,
    input  logic             first,
    input  logic [WIDTH-1:0] d,
    output logic [WIDTH-1:0] q
);
    logic [WIDTH-1:0] kept;

    assign q = first ? d : kept;

    always_ff @(posedge clk) kept <= q;
endmodule
