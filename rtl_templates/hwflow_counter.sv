// Counts the steps 0 .. COUNT - 1 and round again, one on every `advance`. COUNT is at least 2.
//
// `last`: the step is the last. II = 1; the step that follows is there in the next cycle.
module hwflow_counter #(
    parameter int COUNT = 2
) (
    input  logic clk,
    input  logic rst,
    input  logic advance,
    output logic last
);
    localparam int WIDTH = $clog2(COUNT);
    logic [WIDTH-1:0] count;

    assign last = count == WIDTH'(COUNT - 1);

    always_ff @(posedge clk) begin
        if (rst) count <= '0;
        else if (advance) count <= last ? '0 : count + 1'b1;
    end
endmodule
