// AXI4-Lite registers of a design: what it is, and what hwflow_meter counts at its two ends.
//
// Register n at byte address 4 n, read-only but for 4, where a 1 written to bit 0 clears the counts:
// 0 "HWFL"     1 version   2 design         3 clock in kHz   4 control, reads 0   5 frames in
// 6 frames out 7 latency   8 largest one    9 interval      10 input waits       11 output waits
// Any other access gives SLVERR. One read and one write at a time; address and data of a write come in any order.
// Every output is a register or its inverse: no combinational path runs through the block.
module hwflow_axi_lite #(
    parameter logic [31:0] VERSION   = '0,
    parameter logic [31:0] DESIGN    = '0,
    parameter logic [31:0] CLOCK_KHZ = '0,
    parameter int          BEATS     = 1,
    parameter int          FRAMES    = 4
) (
    input  logic        clk,
    input  logic        rst,
    /* verilator lint_off UNUSEDSIGNAL */  // the byte within a word, and what is written to bits that do nothing
    input  logic [11:0] s_axil_awaddr,
    input  logic [31:0] s_axil_wdata,
    input  logic [3:0]  s_axil_wstrb,
    input  logic [11:0] s_axil_araddr,
    /* verilator lint_on UNUSEDSIGNAL */
    input  logic        s_axil_awvalid,
    output logic        s_axil_awready,
    input  logic        s_axil_wvalid,
    output logic        s_axil_wready,
    output logic [1:0]  s_axil_bresp,
    output logic        s_axil_bvalid,
    input  logic        s_axil_bready,
    input  logic        s_axil_arvalid,
    output logic        s_axil_arready,
    output logic [31:0] s_axil_rdata,
    output logic [1:0]  s_axil_rresp,
    output logic        s_axil_rvalid,
    input  logic        s_axil_rready,
    input  logic        s_valid,
    input  logic        s_ready,
    input  logic        m_valid,
    input  logic        m_ready,
    input  logic        m_last
);
    localparam logic [31:0] ID        = "HWFL";
    localparam logic [9:0]  CONTROL   = 10'd4;
    localparam logic [9:0]  REGISTERS = 10'd12;
    localparam logic [1:0]  OKAY      = 2'b00;
    localparam logic [1:0]  SLVERR    = 2'b10;

    logic [31:0] frames_in, frames_out, latency, latency_max, interval, input_wait, output_wait;
    logic        clear;

    hwflow_meter #(.BEATS(BEATS), .FRAMES(FRAMES)) meter (
        .clk(clk), .rst(rst), .clear(clear),
        .s_valid(s_valid), .s_ready(s_ready), .m_valid(m_valid), .m_ready(m_ready), .m_last(m_last),
        .frames_in(frames_in), .frames_out(frames_out), .latency(latency), .latency_max(latency_max),
        .interval(interval), .input_wait(input_wait), .output_wait(output_wait));

    // A write: address and data wait for each other, then for the answer to the write before.
    logic has_address, has_data, to_control, one, write;

    assign s_axil_awready = !has_address;
    assign s_axil_wready  = !has_data;
    assign write          = has_address && has_data && !s_axil_bvalid;

    always_ff @(posedge clk) begin
        if (!has_address) to_control <= s_axil_awaddr[11:2] == CONTROL;
        if (!has_data) one <= s_axil_wdata[0] && s_axil_wstrb[0];
        if (write) s_axil_bresp <= to_control ? OKAY : SLVERR;
        if (rst) begin
            has_address   <= 1'b0;
            has_data      <= 1'b0;
            s_axil_bvalid <= 1'b0;
            clear         <= 1'b0;
        end else begin
            has_address   <= has_address ? !write : s_axil_awvalid;
            has_data      <= has_data ? !write : s_axil_wvalid;
            s_axil_bvalid <= s_axil_bvalid ? !s_axil_bready : write;
            clear         <= write && to_control && one;
        end
    end

    // A read.
    wire [32*REGISTERS-1:0] values = {
        output_wait, input_wait, interval, latency_max, latency, frames_out, frames_in, 32'd0,
        CLOCK_KHZ, DESIGN, VERSION, ID
    };
    wire known = s_axil_araddr[11:2] < REGISTERS;

    assign s_axil_arready = !s_axil_rvalid;

    always_ff @(posedge clk) begin
        if (!s_axil_rvalid) begin
            s_axil_rdata <= known ? values[32*s_axil_araddr[5:2]+:32] : '0;
            s_axil_rresp <= known ? OKAY : SLVERR;
        end
        if (rst) s_axil_rvalid <= 1'b0;
        else s_axil_rvalid <= s_axil_rvalid ? !s_axil_rready : s_axil_arvalid;
    end
endmodule
