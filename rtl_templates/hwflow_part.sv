// y = part `index` of x, of COUNT parts of WIDTH bits, part 0 lowest. Bit by bit, as a choice among COUNT bits is what
// synthesis has LUTs for. Latency 0.
module hwflow_part #(
    parameter int COUNT = 2,
    parameter int WIDTH = 8
) (
    input  logic [COUNT*WIDTH-1:0]                    x,
    /* verilator lint_off UNUSEDSIGNAL */  // one part needs no number
    input  logic [(COUNT > 1 ? $clog2(COUNT) : 1)-1:0] index,
    /* verilator lint_on UNUSEDSIGNAL */
    output logic [WIDTH-1:0]                          y
);
    for (genvar b = 0; b < WIDTH; b++) begin : g_bit
        if (COUNT > 1) begin : g_many
            logic [COUNT-1:0] column;
            for (genvar n = 0; n < COUNT; n++) begin : g_part
                assign column[n] = x[n*WIDTH+b];
            end
            assign y[b] = column[index];
        end else begin : g_one
            assign y[b] = x[b];
        end
    end
endmodule
