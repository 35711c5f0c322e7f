// One of many bits, chosen by a number: a LUT6 for four of them, MUXF7 and MUXF8 for up to sixteen, logic above that.
// Yosys would make a tree of two-way choices. A rule for its `techmap`, as that of rom.v. Constants, which are a table,
// are left to it.
// Cells: AMD UltraScale Architecture Libraries Guide (UG974); $shiftx: Yosys' manual, "Multiplexers".
(* techmap_celltype = "$shiftx" *)
module hwflow_mux (A, B, Y);
    parameter A_SIGNED = 0, B_SIGNED = 0, A_WIDTH = 1, B_WIDTH = 1, Y_WIDTH = 1;
    parameter _TECHMAP_CONSTMSK_A_ = 0;
    input [A_WIDTH-1:0] A;
    input [B_WIDTH-1:0] B;
    output [Y_WIDTH-1:0] Y;

    localparam TABLE = _TECHMAP_CONSTMSK_A_ === {A_WIDTH{1'b1}};
    wire _TECHMAP_FAIL_ = TABLE || Y_WIDTH != 1 || B_SIGNED || A_WIDTH < 3 || B_WIDTH < 2 || A_WIDTH > (1 << B_WIDTH);

    localparam FOURS  = (A_WIDTH + 3) / 4;
    localparam GROUPS = (FOURS + 3) / 4;  // of what MUXF7 and MUXF8 choose among
    localparam HIGH   = B_WIDTH > 2 ? B_WIDTH - 2 : 1;
    wire [16*GROUPS-1:0] all = A;
    wire [HIGH-1:0]      high = B_WIDTH > 2 ? B >> 2 : 1'b0;
    wire [4*GROUPS-1:0]  four;
    wire [GROUPS-1:0]    group;

    genvar n;
    generate
        for (n = 0; n < 4 * GROUPS; n = n + 1) begin : g_four
            if (n < FOURS)
                LUT6 #(.INIT(64'hff00f0f0ccccaaaa)) lut (.I0(all[4*n]), .I1(all[4*n+1]), .I2(all[4*n+2]),
                    .I3(all[4*n+3]), .I4(B[0]), .I5(B[1]), .O(four[n]));
            else assign four[n] = 1'bx;
        end
        for (n = 0; n < GROUPS; n = n + 1) begin : g_group
            wire lower, upper;
            if (4 * n + 1 < FOURS) MUXF7 mux (.I0(four[4*n]), .I1(four[4*n+1]), .S(high[0]), .O(lower));
            else assign lower = four[4*n];
            if (4 * n + 3 < FOURS) MUXF7 mux (.I0(four[4*n+2]), .I1(four[4*n+3]), .S(high[0]), .O(upper));
            else assign upper = four[4*n+2];
            if (4 * n + 3 < FOURS) MUXF8 mux (.I0(lower), .I1(upper), .S(high[1]), .O(group[n]));
            else if (4 * n + 2 < FOURS) assign group[n] = high[1] ? upper : lower;
            else assign group[n] = lower;
        end
        if (GROUPS == 1) assign Y = group;
        else assign Y = group[high>>2];
    endgenerate
endmodule
