// y = table[x] in LANES lanes, as hwflow_table, by as few levels of LUTs as there can be: a LUT6 for 6 bits of the
// address, another for each 2 more. For a table in front of a DSP slice: synthesis does not know the time that the
// slice takes, and makes small but slow logic there. Latency 0. ADDRESS: at least 7.
module hwflow_table_quick #(
    parameter int LANES   = 1,
    parameter int ADDRESS = 10,
    parameter int WIDTH   = 8,
    parameter     FILE    = ""
) (
    input  logic [LANES*ADDRESS-1:0] x,
    output logic [LANES*WIDTH-1:0]   y
);
    localparam int SLICES = 1 << (ADDRESS - 6);

    for (genvar i = 0; i < LANES; i++) begin : g_lane
        logic [ADDRESS-1:0]      address;
        logic [SLICES*WIDTH-1:0] words;
        assign address = x[i*ADDRESS+:ADDRESS];
        for (genvar n = 0; n < SLICES; n++) begin : g_slice
            hwflow_table_slice #(.ADDRESS(ADDRESS), .WIDTH(WIDTH), .NUMBER(n), .FILE(FILE)) slice (
                .x(address[5:0]), .y(words[n*WIDTH+:WIDTH]));
        end
        for (genvar b = 0; b < WIDTH; b++) begin : g_bit
            logic [SLICES-1:0] column;
            for (genvar n = 0; n < SLICES; n++) begin : g_word
                assign column[n] = words[n*WIDTH+b];
            end
            assign y[i*WIDTH+b] = column[address[ADDRESS-1:6]];
        end
    end
endmodule
