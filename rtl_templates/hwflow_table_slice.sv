// y = the words NUMBER * 64 to NUMBER * 64 + 63 of a table, chosen by x: one LUT6 a bit. Latency 0.
//
// A module of its own through synthesis, lest its LUTs are merged with those that choose among slices.
(* keep_hierarchy = "yes" *)
module hwflow_table_slice #(
    parameter int ADDRESS = 10,
    parameter int WIDTH   = 8,
    parameter int NUMBER  = 0,
    parameter     FILE    = ""
) (
    input  logic [5:0]       x,
    output logic [WIDTH-1:0] y
);
    logic [WIDTH-1:0] memory[2**ADDRESS];
    initial $readmemh(FILE, memory);
    assign y = memory[{(ADDRESS - 6)'(NUMBER), x}];
endmodule
