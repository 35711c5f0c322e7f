// The DSP slice of UltraScale+ as far as Yosys uses it: a signed product of 27 x 18 bits, all registers bypassed.
// Behaviour: AMD UltraScale Architecture DSP Slice User Guide (UG579). Any other use is refused by name.
module DSP48E2 #(
    parameter A_INPUT = "DIRECT", AMULTSEL = "A", B_INPUT = "DIRECT", BMULTSEL = "B", USE_MULT = "MULTIPLY",
    parameter USE_SIMD = "ONE48", ACASCREG = 1, ADREG = 1, ALUMODEREG = 1, AREG = 1, BCASCREG = 1, BREG = 1,
    parameter CARRYINREG = 1, CARRYINSELREG = 1, CREG = 1, DREG = 1, INMODEREG = 1, MREG = 1, OPMODEREG = 1, PREG = 1
) (
    input [29:0] A, ACIN, input [17:0] B, BCIN, input [47:0] C, PCIN, input [26:0] D, input [8:0] OPMODE,
    input [4:0] INMODE, input [3:0] ALUMODE, input [2:0] CARRYINSEL, input CARRYIN, output [47:0] P
);
    generate
        if (ADREG + AREG + BREG + CREG + DREG + MREG + PREG + INMODEREG + OPMODEREG + ALUMODEREG != 0)
            a_dsp48e2_with_registers_has_no_model unknown ();
    endgenerate
    wire signed [26:0] a = A[26:0];
    wire signed [17:0] b = B;
    wire signed [47:0] product = a * b;
    assign P = OPMODE == 9'b000000101 && INMODE == 0 && ALUMODE == 0 ? product : 48'bx;
endmodule
