// Multiplies both elements by four in four steps; ten bits an element.
module k4_times_four #(
    parameter int DEPTH = 2
) (
    input  logic        clk,
    input  logic        rst,
    input  logic        s_valid,
    output logic        s_ready,
    input  logic [15:0] s_data,
    output logic        m_valid,
    input  logic        m_ready,
    output logic [19:0] m_data
);
    logic room, start, active, step_first, step_last;
    logic [15:0] kept, taken;
    logic [19:0] sum, next;
    /* verilator lint_off UNUSEDSIGNAL */
    logic first, last;
    /* verilator lint_on UNUSEDSIGNAL */

    hwflow_actor #(.CYCLES(4)) actor (
        .clk, .rst, .able(s_valid && room), .start, .active, .first, .last, .step_first, .step_last
    );
    assign s_ready = start;
    assign taken = step_first ? s_data : kept;
    assign next[19:10] = (step_first ? 10'd0 : sum[19:10]) + {{2{taken[15]}}, taken[15:8]};
    assign next[9:0] = (step_first ? 10'd0 : sum[9:0]) + {{2{taken[7]}}, taken[7:0]};

    always_ff @(posedge clk) begin
        if (active) begin
            kept <= taken;
            sum  <= next;
        end
    end

    hwflow_fifo #(.WIDTH(20), .DEPTH(DEPTH)) fifo0 (
        .clk, .rst, .room, .reserve(start), .write(active && step_last), .wdata(next), .m_valid, .m_ready, .m_data
    );
endmodule
