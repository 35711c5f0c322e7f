// A read-only memory as UltraScale+ holds it in LUTs: a LUT6 for each bit of 64 words, MUXF7 and MUXF8 for up to 256,
// logic above that. Yosys would make gates of it and seek LUTs for those, which gives up to three times as many, and
// would spend on the logic around it the time that the deepest of them takes. A rule for its `techmap`, behind its
// choice of block RAMs; what is no such memory is left to it.
// Cells: AMD UltraScale Architecture Libraries Guide (UG974); $mem_v2: Yosys' manual, "Memories".
(* techmap_celltype = "$mem_v2" *)
module hwflow_rom (RD_CLK, RD_EN, RD_ARST, RD_SRST, RD_ADDR, RD_DATA, WR_CLK, WR_EN, WR_ADDR, WR_DATA);
    parameter SIZE = 64, OFFSET = 0, ABITS = 6, WIDTH = 1, INIT = 0;
    parameter RD_PORTS = 1, RD_CLK_ENABLE = 0, RD_CLK_POLARITY = 1, WR_PORTS = 0;
    parameter MEMID = 0, RD_TRANSPARENCY_MASK = 0, RD_COLLISION_X_MASK = 0, RD_WIDE_CONTINUATION = 0;
    parameter RD_CE_OVER_SRST = 0, RD_ARST_VALUE = 0, RD_SRST_VALUE = 0, RD_INIT_VALUE = 0;
    parameter WR_CLK_ENABLE = 0, WR_CLK_POLARITY = 0, WR_PRIORITY_MASK = 0, WR_WIDE_CONTINUATION = 0;
    parameter _TECHMAP_CONSTVAL_RD_EN_ = 0, _TECHMAP_CONSTVAL_RD_ARST_ = 0, _TECHMAP_CONSTVAL_RD_SRST_ = 0;
    input [RD_PORTS-1:0] RD_CLK, RD_EN, RD_ARST, RD_SRST;
    input [RD_PORTS*ABITS-1:0] RD_ADDR;
    output [RD_PORTS*WIDTH-1:0] RD_DATA;
    input [WR_PORTS-1:0] WR_CLK;
    input [WR_PORTS*WIDTH-1:0] WR_EN, WR_DATA;
    input [WR_PORTS*ABITS-1:0] WR_ADDR;

    localparam PLAIN = RD_CLK_ENABLE === 1'b0
        || (_TECHMAP_CONSTVAL_RD_ARST_ === 1'b0 && _TECHMAP_CONSTVAL_RD_SRST_ === 1'b0 && ^RD_INIT_VALUE === 1'bx);
    localparam FITS = WR_PORTS == 0 && RD_PORTS == 1 && OFFSET == 0 && ABITS >= 6 && PLAIN;
    wire _TECHMAP_FAIL_ = !FITS;

    localparam SLICES = (SIZE + 63) / 64;  // of 64 words
    localparam GROUPS = (SLICES + 3) / 4;  // of what MUXF7 and MUXF8 choose among
    localparam HIGH   = ABITS > 6 ? ABITS - 6 : 1;
    localparam BITS   = FITS ? WIDTH : 0;

    // The memory bit by bit, each of 64 * SLICES words: at once, as a call inside of the generate takes Yosys long.
    function [64*SLICES*WIDTH-1:0] turned(input [SIZE*WIDTH-1:0] words);
        integer b, i;
        reg [SIZE-1:0] column;
        begin
            turned = 0;
            for (b = 0; b < BITS; b = b + 1) begin
                for (i = 0; i < SIZE; i = i + 1) column[i] = words[WIDTH*i+b];
                turned[64*SLICES*b+:SIZE] = column;
            end
        end
    endfunction
    localparam [64*SLICES*WIDTH-1:0] TURNED = turned(INIT);

    wire [HIGH-1:0]  high = RD_ADDR >> 6;
    wire [WIDTH-1:0] word;

    genvar b, n;
    generate
        for (b = 0; b < BITS; b = b + 1) begin : g_bit
            wire [4*GROUPS-1:0] slice;
            wire [GROUPS-1:0]   group;
            for (n = 0; n < 4 * GROUPS; n = n + 1) begin : g_slice
                localparam [63:0] COLUMN = n < SLICES ? TURNED[64*(SLICES*b+n)+:64] : 64'b0;
                localparam VARIES = COLUMN != 0 && ~COLUMN != 0;
                if (VARIES)
                    LUT6 #(.INIT(COLUMN)) lut (.I0(RD_ADDR[0]), .I1(RD_ADDR[1]), .I2(RD_ADDR[2]), .I3(RD_ADDR[3]),
                        .I4(RD_ADDR[4]), .I5(RD_ADDR[5]), .O(slice[n]));
                else assign slice[n] = COLUMN[0];
            end
            for (n = 0; n < 2 * GROUPS; n = n + 1) begin : g_pair
                localparam VARIES = g_slice[2*n].VARIES && g_slice[2*n+1].VARIES;
                wire y;
                if (VARIES) MUXF7 mux (.I0(slice[2*n]), .I1(slice[2*n+1]), .S(high[0]), .O(y));
                else assign y = high[0] ? slice[2*n+1] : slice[2*n];
            end
            for (n = 0; n < GROUPS; n = n + 1) begin : g_group
                if (SLICES <= 2) assign group[n] = g_pair[2*n].y;
                else if (g_pair[2*n].VARIES && g_pair[2*n+1].VARIES)
                    MUXF8 mux (.I0(g_pair[2*n].y), .I1(g_pair[2*n+1].y), .S(high[1]), .O(group[n]));
                else assign group[n] = high[1] ? g_pair[2*n+1].y : g_pair[2*n].y;
            end
            if (GROUPS == 1) assign word[b] = group;
            else assign word[b] = group[high>>2];
        end
        if (!RD_CLK_ENABLE) assign RD_DATA = word;
        else if (_TECHMAP_CONSTVAL_RD_EN_ === 1'b1)
            \$dff #(.WIDTH(WIDTH), .CLK_POLARITY(RD_CLK_POLARITY)) ff (.CLK(RD_CLK), .D(word), .Q(RD_DATA));
        else
            \$dffe #(.WIDTH(WIDTH), .CLK_POLARITY(RD_CLK_POLARITY), .EN_POLARITY(1'b1))
                ff (.CLK(RD_CLK), .EN(RD_EN), .D(word), .Q(RD_DATA));
    endgenerate
endmodule
