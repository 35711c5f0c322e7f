// y = the one of COUNT words whose bit of `one` is high, or `other`, which is zero if there is one. Latency 0.
module hwflow_select #(
    parameter int COUNT = 2,
    parameter int WIDTH = 8
) (
    input  logic [COUNT-1:0]       one,
    input  logic [COUNT*WIDTH-1:0] x,
    input  logic [WIDTH-1:0]       other,
    output logic [WIDTH-1:0]       y
);
    always_comb begin
        y = other;
        for (int i = 0; i < COUNT; i++) y |= x[i*WIDTH+:WIDTH] & {WIDTH{one[i]}};
    end
endmodule
