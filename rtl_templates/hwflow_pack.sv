// Gathers GROUPS parts to a beat, the first one lowest. `write`: the beat is whole, in the cycle of its last part.
// II = GROUPS, latency 0 from the last part.
module hwflow_pack #(
    parameter int WIDTH  = 8,
    parameter int GROUPS = 2
) (
    input  logic                    clk,
    input  logic                    rst,
    input  logic                    valid,
    input  logic [WIDTH-1:0]        part,
    output logic                    write,
    output logic [GROUPS*WIDTH-1:0] beat
);
    localparam int INDEX = $clog2(GROUPS);
    logic [(GROUPS-1)*WIDTH-1:0] held;
    logic [INDEX-1:0]            index;

    assign beat  = {part, held};
    assign write = valid && index == INDEX'(GROUPS - 1);

    always_ff @(posedge clk) begin
        if (valid) held <= beat[GROUPS*WIDTH-1:WIDTH];
        if (rst) index <= '0;
        else if (valid) index <= write ? '0 : index + 1'b1;
    end
endmodule
