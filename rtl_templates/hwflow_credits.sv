// Tokens that one actor of a kernel gives another: a filled buffer, a buffer that is free again.
//
// `some`: at least one token is there. One given in cycle c can be taken from c + 1 on. LIMIT: most at a time.
// II = 1, latency 1.
module hwflow_credits #(
    parameter int LIMIT   = 1,
    parameter int INITIAL = 0
) (
    input  logic clk,
    input  logic rst,
    input  logic give,
    input  logic take,
    output logic some
);
    localparam int COUNT = $clog2(LIMIT + 1);
    logic [COUNT-1:0] count;

    assign some = count != '0;

    always_ff @(posedge clk) begin
        if (rst) count <= COUNT'(INITIAL);
        else count <= count + COUNT'(give) - COUNT'(take);
    end
endmodule
